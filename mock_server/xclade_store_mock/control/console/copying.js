// Buttons that copy a request as a command.

import { curl, javaScript, python, variablesOf } from "./commands.js";
import { announce, h } from "./dom.js";

const LANGUAGES = [["curl", curl], ["Python", python], ["JavaScript", javaScript]];
const mock = new URL(".", location.href).href.slice(0, -1); // with the prefix of a proxy
const MEANINGS = {
  PUBLISHABLE_KEY: "the key that the server printed",
  CUSTOMER_TOKEN: "the customer's token",
};

/** Return a button for each language; `read` returns the request when one is pressed. */
export function copyButtons(read) {
  const buttons = LANGUAGES.map(([name, write]) => {
    const button = h("button", { type: "button", class: "copy", "aria-label": `Copy as ${name}` }, name);
    button.addEventListener("click", () => copy(button, write(read(), mock), `Copied as ${name}`));
    return button;
  });
  const expected = variablesOf(read()).map((name) => `${name}, ${MEANINGS[name]}`);
  return h("div", { class: "copying" },
    h("span", { class: "hint", "aria-hidden": "true" }, "Copy as"),
    ...buttons,
    expected.length ? h("span", { class: "hint" }, `expects ${expected.join("; ")}`) : null);
}

/** Show a request as a command, with a button that copies it; nothing without a request. */
export function showCommand(place, request) {
  place.hidden = request === null;
  if (request === null) return;
  const text = curl(request, mock);
  const button = h("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", () => copy(button, text, "Copied"));
  place.replaceChildren(h("pre", { tabindex: "0" }, text.trimEnd()), button);
}

async function copy(button, text, done) {
  // Browsers offer the clipboard only to pages on loopback addresses or with TLS.
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copySelected(text);
  announce(done);
  if ("done" in button.dataset) return;
  const name = button.textContent;
  button.dataset.done = "";
  button.textContent = "Copied";
  setTimeout(() => {
    delete button.dataset.done;
    button.textContent = name;
  }, 1500);
}

function copySelected(text) {
  const focused = document.activeElement;
  const area = h("textarea", { class: "unseen" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  focused.focus({ preventScroll: true });
}
