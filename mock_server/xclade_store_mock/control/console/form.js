// Forms that call the control API. The form checks only the format of numbers; the API checks the rest.

import { ControlError } from "./api.js";

/** Call `act` with the form's values and the pressed button's when the form is submitted. */
export function onSubmit(form, act) {
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    const problem = form.querySelector(".problem");
    if (refused(form, problem)) return;
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

/** Show the problem of the first field whose text does not have the format in its title. */
function refused(form, problem) {
  const [field] = [...form.querySelectorAll("input:invalid")].filter((each) => each.checkVisibility());
  form.querySelectorAll("[aria-invalid]").forEach((each) => (each.ariaInvalid = null));
  form.append(problem);
  if (!field) return false;
  const [label] = field.labels;
  problem.textContent = `${label.querySelector("span").textContent}: ${field.title}`;
  field.ariaInvalid = "true";
  if (form.matches(".fields")) label.append(problem);
  field.focus();
  problem.scrollIntoView({ block: "nearest" });
  return true;
}

/** Return the values that are not empty. */
export function filled(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}
