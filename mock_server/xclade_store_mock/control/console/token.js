// The control token: asked for once, and kept until the tab is closed.

import { $ } from "./dom.js";

const PLACE = "control-token";
let asking = null;

// The link that the server prints has the token. It does not stay in the address bar.
const [, given] = /^#token=(.+)/.exec(location.hash) ?? [];
if (given !== undefined) {
  sessionStorage.setItem(PLACE, decodeURIComponent(given));
  history.replaceState(null, "", location.pathname);
}

/** Return the token, or null if there is none. */
export const controlToken = () => sessionStorage.getItem(PLACE);

/** Ask for another token than the refused one; all callers wait for the same dialog. */
export function askForToken(refused) {
  if (controlToken() !== refused) return Promise.resolve();
  asking ??= ask(refused === null ? "" : "The mock does not accept this token.").finally(() => (asking = null));
  return asking;
}

function ask(problem) {
  const dialog = $("token-dialog");
  const form = dialog.querySelector("form");
  form.querySelector(".problem").textContent = problem;
  form.reset();
  dialog.showModal();
  return new Promise((resolve) => {
    // A second Escape closes a dialog even if its "cancel" event is prevented.
    const stay = () => dialog.showModal();
    dialog.addEventListener("close", stay);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.removeEventListener("close", stay);
      sessionStorage.setItem(PLACE, form.elements.token.value);
      dialog.close();
      resolve();
    }, { once: true });
  });
}
