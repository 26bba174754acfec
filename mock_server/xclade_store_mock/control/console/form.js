// Forms that call the control API. What is no number at all is told at its field; the rest the API judges.

import { ControlError } from "./api.js";

/** Do something when a form is submitted; it gets the form's values and the pressed button's. */
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

/** Tell of the first field whose text is not in the form that its title describes. */
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

/** Leave out what was left empty. */
export function filled(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}
