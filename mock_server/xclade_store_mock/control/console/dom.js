// Elements, made and kept. What comes from the mock gets into the page as text, never as HTML.

export const $ = (id) => document.getElementById(id);

/** Make an element. An attribute that is false or null is left out, one that is true is empty. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Hold a list to its items, and leave the elements alone whose items are as before: so what
 * somebody types there, or has opened, stays.
 */
export class KeptList {
  #rows = new Map();

  constructor(list, build, { key = (item) => item.id, version = JSON.stringify } = {}) {
    this.list = list;
    this.build = build;
    this.key = key;
    this.version = version;
  }

  show(items) {
    const before = this.#rows;
    this.#rows = new Map();
    for (const item of items) {
      const key = this.key(item);
      const version = this.version(item);
      const known = before.get(key);
      before.delete(key);
      if (known?.version === version) {
        this.#rows.set(key, known);
        continue;
      }
      const element = this.build(item);
      if (known) replace(known.element, element);
      this.#rows.set(key, { version, element });
    }
    for (const { element } of before.values()) element.remove();
    let last = null;
    for (const { element } of this.#rows.values()) {
      const place = last ? last.nextSibling : this.list.firstChild;
      if (place !== element) this.list.insertBefore(element, place);
      last = element;
    }
  }
}

/** Put an element in another's place, with the same parts open and the focus where it was. */
function replace(old, element) {
  const open = [...old.querySelectorAll("details")].map((each) => each.open);
  element.querySelectorAll("details").forEach((each, index) => (each.open = open[index] ?? false));
  const focusable = "a, button, input, select, summary";
  const focused = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
  old.replaceWith(element);
  if (focused >= 0) element.querySelectorAll(focusable)[focused]?.focus({ preventScroll: true });
}

/** Make a mark out of a status: its meaning is in the shape and the text, not in the colour alone. */
export function mark(kind, text) {
  return h("span", { class: "mark", "data-kind": kind }, text);
}

/** Show a moment as the time of day, with the whole of it at hand. */
export function moment(timestamp) {
  const at = new Date(timestamp);
  const two = (number) => String(number).padStart(2, "0");
  const text = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return h("time", { datetime: timestamp, title: timestamp }, text);
}

/** Say something to those who listen to the page. */
export function announce(text) {
  $("announcement").textContent = text;
}
