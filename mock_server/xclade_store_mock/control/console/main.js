// The console: what the mock holds and does, and how to steer it.

import { call, ControlError } from "./api.js";
import { Clock } from "./clock.js";
import { $, announce } from "./dom.js";
import { follow } from "./events.js";
import { Faults } from "./faults.js";
import { onSubmit } from "./form.js";
import { Journal } from "./journal.js";
import { Providers } from "./providers.js";
import { Scenarios } from "./scenarios.js";
import { StoreView } from "./store.js";

const PAUSE = 200; // milliseconds between two readings of the same

const journal = new Journal();
const store = new StoreView(() => attempt(loadState));
const faults = new Faults();
const scenarios = new Scenarios();
const providers = new Providers();
const clock = new Clock();

const loadState = paced(async () => {
  const state = await call("GET", "/state");
  $("dialect").hidden = false;
  $("dialect").textContent = `${state.dialect} dialect`;
  providers.show(state.payment_providers);
  clock.show(state.clock);
  await store.load(state);
});
const loadFaults = paced(() => faults.load());
const loadScenarios = paced(() => scenarios.load());

// What to read anew, by the part of the state that has changed.
const READERS = {
  store: loadState,
  outcomes: loadState,
  clock: loadState,
  faults: loadFaults,
  scenario: loadScenarios,
};

/** Let a reading that is asked for again and again happen now, and then once for all that asked. */
function paced(read) {
  let running = null;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await read();
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    } while (again);
  };
  return () => {
    again = running !== null;
    running ??= run().finally(() => (running = null));
    return running;
  };
}

/** Read; if the mock is gone, the stream of events has ended as well, and the next one reads anew. */
async function attempt(read) {
  try {
    await read?.();
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
  }
}

function showView() {
  const views = [...document.querySelectorAll(".views a")];
  const chosen = views.find((link) => link.hash === location.hash) ?? views[0];
  document.body.dataset.view = chosen.hash.slice(1);
  for (const link of views) link.ariaCurrent = link === chosen ? "page" : null;
}

// It is for those who do not even get this script.
$("absent").textContent = "";
addEventListener("hashchange", showView);
showView();
onSubmit($("reset"), async () => {
  await call("POST", "/reset");
  announce("The mock has started again.");
});
follow({
  onOpen: async () => {
    await Promise.all([journal.load(), loadState(), loadFaults(), loadScenarios()]);
    document.body.dataset.ready = "";
  },
  onEvent: ({ name, data }) => {
    if (name === "journal") return journal.add(data);
    if (data.part === "journal") return journal.load();
    // The stream goes on meanwhile.
    attempt(READERS[data.part]);
    return null;
  },
  onState: (state, text) => {
    $("connection").dataset.state = state;
    $("connection").textContent = text;
    $("absent").textContent = "ready" in document.body.dataset ? "" : text;
    if (state === "live") $("reset").querySelector(".problem").textContent = "";
  },
});
