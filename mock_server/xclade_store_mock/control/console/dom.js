// Creates and keeps elements. Data from the mock enters the page as text, never as HTML.

export const $ = (id) => document.getElementById(id);

/** Create an element. Attributes that are false or null are left out; true becomes empty. */
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
 * Update a list to its items. Elements whose items have not changed stay, and with them what
 * somebody is typing there or has opened.
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

/** Replace an element, keeping its open parts and the focus. */
function replace(old, element) {
  const open = [...old.querySelectorAll("details")].map((each) => each.open);
  element.querySelectorAll("details").forEach((each, index) => (each.open = open[index] ?? false));
  const focusable = "a, button, input, select, summary";
  const focused = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
  old.replaceWith(element);
  if (focused >= 0) element.querySelectorAll(focusable)[focused]?.focus({ preventScroll: true });
}

/** Return a mark for a status; shape and text carry the meaning, not only the colour. */
export function mark(kind, text) {
  return h("span", { class: "mark", "data-kind": kind }, text);
}

/** Return a timestamp as the time of day, with the whole timestamp as its title. */
export function moment(timestamp) {
  const at = new Date(timestamp);
  const two = (number) => String(number).padStart(2, "0");
  const text = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return h("time", { datetime: timestamp, title: timestamp }, text);
}

/** Announce a text to users of screen readers. */
export function announce(text) {
  $("announcement").textContent = text;
}
