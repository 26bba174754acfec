// Payment providers, and the planned outcomes of their calls.

import { call, segment } from "./api.js";
import { $, h, KeptList, mark } from "./dom.js";
import { filled, onSubmit } from "./form.js";
import { asNumber } from "./json.js";
import { formatMoney } from "./money.js";

const KINDS = {
  accepted: "waiting", declined: "refused", unreachable: "failed", indeterminate: "failed", card_error: "refused",
};
const WITH_MESSAGE = ["declined", "card_error"];
const RESULTS = [
  ["declined", "declines"],
  ["card_error", "starts a payment whose card fails"],
  ["unreachable", "is unreachable"],
  ["indeterminate", "fails, with an unknown result"],
  ["accepted", "responds as usual, but late"],
];

export class Providers {
  #list = new KeptList($("providers"), providerRow);
  #held = new KeptList($("held-calls"), heldRow, { key: ({ session_id: session }) => session });

  show(providers) {
    this.#list.show(providers.map(({ held, ...provider }) => provider));
    this.#held.show(providers.flatMap(({ id, held }) => held.map((request) => ({ ...request, id }))));
    $("providers-empty").hidden = providers.length > 0;
  }
}

function providerRow({ id, outcome, is_enabled: isEnabled, installed }) {
  return h("li", {}, h("details", { class: "provider" },
    h("summary", {},
      h("code", { class: "name" }, id),
      installed ? null : h("span", { class: "chip" }, "not installed"),
      isEnabled ? null : h("span", { class: "chip" }, "not enabled"),
      outcome === null ? mark("good", "as usual") : mark(KINDS[outcome.result], describe(outcome))),
    outcomeForm(id, outcome)));
}

/** Return the line of a call that a provider's outcome delays: its request is not in the journal yet. */
function heldRow({ id, session_id: session, amount, currency_code: currency }) {
  const form = h("form", { class: "inline" },
    h("button", { class: "primary", title: "Cancels the provider's outcome, too" }, "Release"),
    h("p", { class: "problem", role: "alert" }));
  onSubmit(form, () => call("DELETE", outcomePath(id)));
  return h("li", { class: "line" },
    mark("waiting", "held"), h("bdi", { class: "path" }, "initialize_payment_session"),
    h("span", { class: "subject" }, ...[formatMoney(amount, currency), session].map((text) => h("bdi", {}, text))),
    h("span", { class: "hint" }, `by ${id}`), form);
}

function outcomePath(id) {
  return `/payment-providers/${segment(id)}/outcome`;
}

function describe({ result, delay, times }) {
  const late = delay ? [`${delay.toLocaleString("en")} ms delay`] : [];
  const what = result === "accepted" ? late : [result, ...late];
  return [...what, times === null ? "always" : `${times} more`].join(", ");
}

function outcomeForm(id, outcome) {
  const select = h("select", { name: "result" }, ...RESULTS.map(([value, text]) => h("option", { value }, text)));
  const message = field("Message", "message", "Your card was declined.");
  message.className = "wide";
  const form = h("form", { class: "fields" },
    h("label", { class: "wide" }, h("span", {}, "What it does"), select),
    message,
    field("Delay, milliseconds", "delay", "none", { pattern: "0|[1-9]\\d*", title: "a whole number, such as 3000" }),
    field("Next calls", "times", "all", { pattern: "[1-9]\\d*", title: "a whole number, such as 2; leave it empty for all" }),
    h("div", { class: "actions" },
      h("button", { value: "plan", class: "primary" }, "Plan outcome"),
      outcome === null ? null : h("button", { value: "cancel" }, "Cancel outcome")),
    h("p", { class: "problem", role: "alert" }));
  select.addEventListener("change", () => (message.hidden = !WITH_MESSAGE.includes(select.value)));
  const path = outcomePath(id);
  onSubmit(form, ({ result, message: text, delay, times }, action) => {
    if (action === "cancel") return call("DELETE", path);
    const numbers = filled({ delay: asNumber(delay), times: asNumber(times) });
    return call("PUT", path, { result, ...(WITH_MESSAGE.includes(result) ? filled({ message: text }) : {}), ...numbers });
  });
  return form;
}

function field(label, name, placeholder, format = {}) {
  const input = h("input", { name, placeholder, autocomplete: "off", ...format });
  return h("label", {}, h("span", {}, label), input);
}
