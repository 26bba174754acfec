// The mock's clock. Between two readings the page itself counts the seconds.

import { call } from "./api.js";
import { $ } from "./dom.js";
import { onSubmit } from "./form.js";
import { asNumber } from "./json.js";

export class Clock {
  #reading = null;

  constructor() {
    onSubmit($("clock"), async ({ amount, unit }, action) => {
      if (action === "freeze") return call("PUT", "/clock", { frozen: !this.#reading.frozen });
      if (action === "release") return call("DELETE", "/clock");
      const seconds = asNumber(amount);
      return call("POST", "/clock/advance", { seconds: seconds === amount ? amount : Number(amount) * Number(unit) });
    });
    setInterval(() => this.#tick(), 1000);
  }

  show({ now, frozen, is_real: isReal }) {
    this.#reading = { now: Date.parse(now), frozen, at: performance.now() };
    $("clock-state").textContent = isReal ? "real time" : frozen ? "frozen" : "adjusted";
    $("freeze").textContent = frozen ? "Unfreeze" : "Freeze";
    $("release").disabled = isReal;
    this.#tick();
  }

  #tick() {
    if (this.#reading === null) return;
    const { now, frozen, at } = this.#reading;
    const moment = new Date(frozen ? now : now + performance.now() - at).toISOString();
    $("now").dateTime = moment;
    $("now").textContent = `${moment.slice(0, 10)} ${moment.slice(11, 19)} UTC`;
  }
}
