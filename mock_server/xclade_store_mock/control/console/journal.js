// The live journal. It keeps and shows a limited number of requests.

import { call } from "./api.js";
import { $, announce, KeptList } from "./dom.js";
import { entryRow } from "./entry.js";
import { effect } from "./faults.js";
import { onSubmit } from "./form.js";
import { readBody } from "./json.js";

const MAX_KEPT = 1000; // as many as the mock keeps
const PAGE = 200; // requests shown at first, and more with each press of the button
const QUIET = 2000; // milliseconds between announcements
const COLLECTION = /^\/store\/payment-collections\/([^/]+)\/payment-sessions$/;
const NEAR = 4; // pixels from the end that count as the end

export class Journal {
  #entries = [];
  #filter = { path: "", method: "", status: "" };
  #carts = new Map(); // by payment collection
  #rows = new KeptList($("entries"), entryRow, { version: ({ at, milliseconds, cart }) => `${at} ${milliseconds} ${cart}` });
  #matching = [];
  #limit = PAGE;
  #follows = true;
  #lastSeen = 0;
  #unannounced = 0;
  #frame = null;

  constructor() {
    $("filter").addEventListener("submit", (event) => event.preventDefault());
    $("filter").addEventListener("input", () => {
      this.#filter = Object.fromEntries(new FormData($("filter")));
      this.#show();
    });
    onSubmit($("clear-journal"), () => call("DELETE", "/journal"));
    $("log").addEventListener("scroll", () => this.#look(), { passive: true });
    $("older").addEventListener("click", () => this.#showOlder());
    const resized = new ResizeObserver(() => this.#keepUp());
    for (const id of ["log", "entries"]) resized.observe($(id));
    $("jump").addEventListener("click", () => {
      scrollToEnd();
      this.#look();
      $("log").focus({ preventScroll: true });
    });
  }

  /** Read the whole journal again: events may have been missed, or the mock restarted. */
  async load() {
    const { entries } = await call("GET", `/journal?limit=${MAX_KEPT}`);
    this.#entries = entries;
    for (const entry of entries) this.#learnFrom(entry);
    this.#lastSeen = Math.min(this.#lastSeen, entries.at(-1)?.id ?? 0);
    this.#show();
  }

  /** Add a new entry; entries that arrive within one frame are shown together. */
  add(entry) {
    if (entry.id <= (this.#entries.at(-1)?.id ?? 0)) return;
    this.#entries.push(entry);
    this.#learnFrom(entry);
    if (this.#entries.length > MAX_KEPT) this.#entries.shift();
    this.#unannounced += 1;
    if (this.#unannounced === 1) setTimeout(() => this.#announce(), QUIET);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#show();
    });
  }

  /** Learn whose carts payment collections are for. */
  learn(collections) {
    for (const { id, cart_id: cart } of collections) if (cart) this.#carts.set(id, cart);
    this.#show();
  }

  #learnFrom({ operation_id: operation, request, response }) {
    if (operation !== "create_payment_collection") return;
    const { id } = readBody(response).payment_collection ?? {};
    if (id) this.#carts.set(id, readBody(request).cart_id);
  }

  /** Add the cart of the payment collection in the path. */
  #withCart(entry) {
    const [, id] = entry.path.match(COLLECTION) ?? [];
    return { ...entry, cart: this.#carts.get(id) };
  }

  #show() {
    this.#matching = this.#entries.filter((entry) => this.#matches(entry));
    const shown = this.#matching.slice(-this.#limit);
    this.#rows.show(shown.map((entry) => this.#withCart(entry)));
    $("older").hidden = shown.length === this.#matching.length;
    $("journal-empty").hidden = this.#entries.length > 0;
    $("journal-unmatched").hidden = this.#matching.length > 0 || this.#entries.length === 0;
    const of = shown.length < this.#entries.length ? `${shown.length} of ` : "";
    $("journal-count").textContent = `${of}${counted(this.#entries.length)}`;
    this.#keepUp();
  }

  /** Show more entries; the one at the top stays in view. */
  #showOlder() {
    const first = $("entries").firstElementChild;
    this.#limit += PAGE;
    this.#show();
    first.scrollIntoView({ block: "center" });
    first.querySelector("summary").focus({ preventScroll: true });
  }

  #matches({ path, query, method, status }) {
    const { path: part, method: wanted, status: beginning } = this.#filter;
    return `${path}?${query}`.includes(part)
      && (!wanted || method === wanted)
      && String(status ?? "no response").startsWith(beginning.replace(/x+$/i, ""));
  }

  #keepUp() {
    // An entry that is being read must not move.
    if (this.#follows && !isReading()) scrollToEnd();
    this.#look();
  }

  /** Determine what is visible, and so whether to scroll along and how many requests are below. */
  #look() {
    if (!$("log").checkVisibility()) return;
    if (isAtEnd()) this.#lastSeen = this.#entries.at(-1)?.id ?? 0;
    this.#follows = isAtEnd() && !isReading();
    const waiting = this.#matching.filter(({ id }) => id > this.#lastSeen).length;
    $("jump").hidden = waiting === 0;
    $("jump").textContent = counted(waiting, "new request");
  }

  #announce() {
    const { method, path, status, fault, violations } = this.#entries.at(-1) ?? {};
    const others = this.#unannounced > 1 ? `${this.#unannounced} requests, the last one ` : "";
    this.#unannounced = 0;
    const faults = fault ? [`Fault: ${effect(fault)}`] : [];
    const outcome = [status ?? "no response", ...faults, ...violations].join(". ");
    if (method) announce(`${others}${method} ${path}: ${outcome}`);
  }
}

function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = $("log");
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

function isReading() {
  const log = $("log").getBoundingClientRect();
  return [...$("entries").querySelectorAll("details[open]")]
    .map((each) => each.getBoundingClientRect())
    .some(({ top, bottom }) => bottom > log.top && top < log.bottom);
}

function scrollToEnd() {
  $("log").scrollTop = $("log").scrollHeight;
}

function counted(number, noun = "request") {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
