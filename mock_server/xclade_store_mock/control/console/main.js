// The console: shows and controls the mock.

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

const loadState = paced(() => ofMock(async () => {
  const state = await call("GET", "/state");
  $("dialect").hidden = false;
  $("dialect").textContent = `${state.dialect} dialect`;
  providers.show(state.payment_providers);
  clock.show(state.clock);
  journal.learn(await store.load(state));
}));
const loadFaults = paced(() => faults.load());
const loadScenarios = paced(() => ofMock(() => scenarios.load()));

// What to read again, by the part of the state that has changed.
const READERS = {
  store: loadState,
  outcomes: loadState,
  clock: loadState,
  faults: loadFaults,
  scenario: loadScenarios,
};

/** Return a function that reads now, and once more for all calls that arrive meanwhile. */
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

/** Read what only a mock has. A proxy says whose responses it passes on instead. */
async function ofMock(read) {
  try {
    await read();
  } catch (error) {
    if (error.status !== 501) throw error;
    document.body.dataset.proxy = "";
    $("dialect").hidden = $("upstream").hidden = false;
    [$("dialect").textContent] = error.message.split(". ");
    $("upstream").textContent = error.message;
  }
}

/** Read. If the mock is gone, so is the stream of events, and the next one reads everything again. */
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

// The text is for browsers that do not even load this script.
$("absent").textContent = "";
addEventListener("hashchange", showView);
showView();
onSubmit($("reset"), async () => {
  await call("POST", "/reset");
  announce("The mock has been reset.");
});
follow({
  onOpen: async () => {
    await Promise.all([journal.load(), loadState(), loadFaults(), loadScenarios()]);
    document.body.dataset.ready = "";
  },
  onEvent: ({ name, data }) => {
    if (name === "journal") return journal.add(data);
    if (data.part === "journal") return journal.load();
    // Not awaited: the next events need not wait for it.
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
