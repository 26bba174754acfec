// The live journal. What it holds and what it shows are bounded, however many requests come.

import { call } from "./api.js";
import { initializeRequest } from "./commands.js";
import { showCommand } from "./copying.js";
import { $, announce, KeptList } from "./dom.js";
import { entryRow } from "./entry.js";
import { onSubmit } from "./form.js";

const MOST_KEPT = 1000; // as many as the mock keeps
const MOST_SHOWN = 200;
const QUIET = 2000; // milliseconds between announcements
const NEAR = 40; // pixels from the end that count as the end

export class Journal {
  #entries = [];
  #filter = { path: "", method: "", status: "" };
  #rows = new KeptList($("entries"), entryRow, { version: ({ at, milliseconds }) => `${at} ${milliseconds}` });
  #follows = true;
  #unseen = 0;
  #unannounced = 0;
  #frame = null;

  constructor() {
    showCommand($("first-command"), initializeRequest("pay_col_demo", "pp_system_default"));
    $("filter").addEventListener("submit", (event) => event.preventDefault());
    $("filter").addEventListener("input", () => {
      this.#filter = Object.fromEntries(new FormData($("filter")));
      this.#show();
    });
    onSubmit($("clear-journal"), () => call("DELETE", "/journal"));
    $("log").addEventListener("scroll", () => this.#follow(isAtEnd()), { passive: true });
    // Who reads an entry does not want it to move.
    $("entries").addEventListener("toggle", ({ target }) => target.open && this.#follow(false), true);
    $("jump").addEventListener("click", () => {
      this.#follow(true);
      this.#scroll();
      $("log").focus({ preventScroll: true });
    });
  }

  /** Read the journal anew: what was missed, and whether the mock has started again, shows itself. */
  async load() {
    const { entries } = await call("GET", `/journal?limit=${MOST_KEPT}`);
    this.#entries = entries;
    this.#show();
  }

  /** Take in a new entry; those that come together are shown together. */
  add(entry) {
    if (entry.id <= (this.#entries.at(-1)?.id ?? 0)) return;
    this.#entries.push(entry);
    if (this.#entries.length > MOST_KEPT) this.#entries.shift();
    this.#unseen += 1;
    this.#unannounced += 1;
    if (this.#unannounced === 1) setTimeout(() => this.#announce(), QUIET);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#show();
    });
  }

  #show() {
    const matching = this.#entries.filter((entry) => this.#matches(entry));
    const shown = matching.slice(-MOST_SHOWN);
    this.#rows.show(shown);
    $("journal-empty").hidden = this.#entries.length > 0;
    $("journal-unmatched").hidden = matching.length > 0 || this.#entries.length === 0;
    const of = shown.length < this.#entries.length ? `${shown.length} of ` : "";
    $("journal-count").textContent = `${of}${counted(this.#entries.length)}`;
    this.#follow(this.#follows);
    if (this.#follows) this.#scroll();
  }

  #matches({ path, query, method, status }) {
    const { path: part, method: wanted, status: beginning } = this.#filter;
    return `${path}?${query}`.includes(part)
      && (!wanted || method === wanted)
      && String(status ?? "none").startsWith(beginning);
  }

  #follow(follows) {
    this.#follows = follows;
    if (follows) this.#unseen = 0;
    $("jump").hidden = this.#unseen === 0;
    $("jump").textContent = counted(this.#unseen, "new request");
  }

  #scroll() {
    $("log").scrollTop = $("log").scrollHeight;
  }

  #announce() {
    const { method, path, status, violations } = this.#entries.at(-1) ?? {};
    const others = this.#unannounced > 1 ? `${this.#unannounced} requests, the last one ` : "";
    this.#unannounced = 0;
    if (method) announce(`${others}${method} ${path}: ${[status ?? "no answer", ...violations].join(". ")}`);
  }
}

function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = $("log");
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

function counted(number, noun = "request") {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
