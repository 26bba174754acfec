// Plans faults, and lists those that still apply.

import { call, segment } from "./api.js";
import { $, h, KeptList, mark } from "./dom.js";
import { filled, onSubmit } from "./form.js";
import { asNumber } from "./json.js";

const MAX_DELAY = 600_000; // milliseconds, as in the control API

export class Faults {
  #list = new KeptList($("faults"), faultRow);
  #held = new KeptList($("held"), heldRow, { key: ({ fault, index }) => `${fault} ${index}` });
  #isRace = false;

  constructor() {
    const form = $("plan-fault");
    form.addEventListener("change", () => showFieldsOf(form));
    form.elements.kind.addEventListener("change", () => this.#presetRace(form));
    showFieldsOf(form);
    onSubmit(form, (values) => call("POST", "/faults", faultOf(values)));
    onSubmit($("cancel-faults"), () => call("DELETE", "/faults"));
  }

  /** Choose the fields of a race that has an effect: hold a response whose session exists. */
  #presetRace({ elements: { kind, operation_id: operation, when } }) {
    const isRace = kind.value === "hold";
    if (isRace === this.#isRace) return;
    this.#isRace = isRace;
    operation.value = isRace ? "initialize_payment_session" : "";
    when.value = isRace ? "after" : "before";
    if (isRace) operation.closest("details").open = true;
  }

  async load() {
    const { faults } = await call("GET", "/faults");
    this.#list.show(faults);
    this.#held.show(faults.flatMap(({ id, held }) => held.map((request, index) => ({ ...request, fault: id, index }))));
    $("fault-count").textContent = faults.length || "";
    $("faults-empty").hidden = faults.length > 0;
    $("cancel-faults").hidden = faults.length < 2;
  }
}

function showFieldsOf(form) {
  for (const label of form.querySelectorAll("[data-for]"))
    label.hidden = !label.dataset.for.split(" ").includes(form.elements.kind.value);
}

/** Return the fault that was entered, without the fields of other kinds. */
function faultOf({ kind, status, retry_after, message, delay, times, ...rest }) {
  const fault = { ...filled(rest), times: times === "" ? null : asNumber(times) };
  if (kind === "hold") return { ...fault, delay: MAX_DELAY };
  if (delay !== "") fault.delay = asNumber(delay);
  if (kind === "delay") return fault;
  if (kind !== "answer") return { ...fault, broken: kind };
  const answer = filled({ message, retry_after: retry_after && asNumber(retry_after) });
  return { ...fault, answer: { status: asNumber(status), ...answer } };
}

function faultRow(fault) {
  const form = h("form", { class: "inline" },
    fault.waiting ? h("button", { value: "release", class: "primary" }, `Release ${fault.waiting}`) : null,
    h("button", { value: "cancel", class: "quiet", "aria-label": `Cancel ${fault.id}` }, "Cancel"),
    h("p", { class: "problem", role: "alert" }));
  const path = `/faults/${segment(fault.id)}`;
  onSubmit(form, (_, action) =>
    action === "release" ? call("POST", `${path}/release`) : call("DELETE", path));
  return h("li", {},
    h("div", { class: "line" }, h("strong", { class: "name" }, effect(fault)), form),
    h("p", { class: "hint" }, `${fault.id}: ${target(fault)}`));
}

/** Return the line of a request that a fault holds: it is not in the journal yet. */
function heldRow({ method, path, fault }) {
  const form = h("form", { class: "inline" },
    h("button", { class: "primary" }, "Release"),
    h("p", { class: "problem", role: "alert" }));
  onSubmit(form, () => call("POST", `/faults/${segment(fault)}/release`));
  return h("li", { class: "line" },
    mark("waiting", "held"), h("span", { class: "method" }, method), h("bdi", { class: "path" }, path),
    h("span", { class: "hint" }, `by ${fault}`), form);
}

/** Describe what a fault does. */
export function effect({ answer, broken, delay, note }) {
  const parts = [];
  if (answer) parts.push(`${answer.status}${answer.message ? ` “${answer.message}”` : ""}`);
  if (answer?.retry_after !== undefined) parts.push(`Retry-After ${answer.retry_after} s`);
  if (broken) parts.push({ dropped: "connection reset", truncated: "truncated response", garbled: "invalid JSON" }[broken]);
  if (delay === MAX_DELAY) parts.push("held until released");
  else if (delay) parts.push(`${delay.toLocaleString("en")} ms delay`);
  if (note) parts.push(note);
  return parts.join(", ") || "no effect";
}

/** Describe which requests a fault applies to. */
function target({ times, waiting, when, operation_id, method, path, payment_collection_id }) {
  if (times === 0) return `holds ${waiting === 1 ? "a request" : `${waiting} requests`}, applies to no more`;
  const count = times === null ? "all requests" : times === 1 ? "the next request" : `the next ${times} requests`;
  const named = [operation_id, method, path, payment_collection_id].filter((each) => each !== null);
  return `${count}${named.length ? ` to ${named.join(", ")}` : ""}, ${when} the store acts`;
}
