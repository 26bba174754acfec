// The control token: asked for once, and kept for as long as the tab is open.

import { $ } from "./dom.js";

const PLACE = "control-token";
let asking = null;

/** Answer the token, or null while there is none. */
export const controlToken = () => sessionStorage.getItem(PLACE);

/** Ask for another token than the one that was refused; all who need one wait for the same answer. */
export function askForToken(refused) {
  if (controlToken() !== refused) return Promise.resolve();
  asking ??= ask(refused === null ? "" : "The mock does not take this token.").finally(() => (asking = null));
  return asking;
}

function ask(problem) {
  const dialog = $("token-dialog");
  const form = dialog.querySelector("form");
  form.querySelector(".problem").textContent = problem;
  form.reset();
  dialog.showModal();
  return new Promise((resolve) => {
    // Escape closes a dialog, at the second time whatever its "cancel" is told.
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
