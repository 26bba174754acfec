// Forms that call the control API. It judges what was entered, and its words stand at the form.

import { ControlError } from "./api.js";

/** Do something when a form is submitted; it gets the form's values and the pressed button's. */
export function onSubmit(form, act) {
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    const problem = form.querySelector(".problem");
    const values = Object.fromEntries(new FormData(form));
    form.ariaBusy = "true";
    try {
      await act(values, event.submitter?.value);
      problem.textContent = "";
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      problem.textContent = error.message;
    } finally {
      form.ariaBusy = null;
    }
  });
}

/** Leave out what was left empty. */
export function filled(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}
