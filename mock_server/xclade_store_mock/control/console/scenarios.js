// Scenarios: a problem, and what a storefront should do about it.

import { call, segment } from "./api.js";
import { $, h, KeptList } from "./dom.js";
import { onSubmit } from "./form.js";

export class Scenarios {
  #list = new KeptList($("scenarios"), scenarioRow, { key: ({ name }) => name });

  async load() {
    const { scenarios } = await call("GET", "/scenarios");
    this.#list.show(scenarios);
    const on = scenarios.find((scenario) => scenario.is_on);
    $("scenario-on").hidden = !on;
    $("scenario-on").textContent = on ? `Scenario ${on.name}` : "";
  }
}

function scenarioRow({ name, trouble, remedy, is_on: isOn, payment_collection_id: collection, cart_id: cart }) {
  const form = h("form", { class: "inline" },
    h("button", { class: isOn ? null : "primary" }, isOn ? "Start again" : "Start"),
    h("p", { class: "problem", role: "alert" }));
  onSubmit(form, () => call("POST", `/scenarios/${segment(name)}/start`));
  return h("li", {}, h("details", { class: "scenario" },
    h("summary", {}, h("span", { class: "name" }, name), isOn ? h("span", { class: "chip accent" }, "on") : null),
    h("dl", {},
      h("dt", {}, "Trouble"), h("dd", {}, ...prose(trouble)),
      h("dt", {}, "The storefront should"), h("dd", {}, ...prose(remedy)),
      h("dt", {}, "Try it with"), h("dd", {}, h("code", {}, cart), ", ", h("code", {}, collection))),
    form));
}

/** Return elements for a text with `code` and *emphasis* in Markdown. */
function prose(text) {
  return text.split(/(`[^`]+`|\*[^*]+\*)/).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    return part.startsWith("*") ? h("em", {}, part.slice(1, -1)) : part;
  });
}
