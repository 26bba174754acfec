// One request in the journal: a line, and its details once it is opened.

import { requestOf } from "./commands.js";
import { copyButtons } from "./copying.js";
import { h, mark, moment } from "./dom.js";
import { effect } from "./faults.js";
import { pretty, readBody, readFaithfully } from "./json.js";
import { formatMoney, isMoney } from "./money.js";

const KINDS = { 1: "waiting", 2: "good", 3: "good", 4: "refused", 5: "failed" };

/** Return the line of an entry, with the cart that it is about, if any; its details are created when it is opened. */
export function entryRow(entry) {
  const line = h("details", {},
    h("summary", {},
      statusMark(entry),
      h("span", { class: "method" }, entry.method),
      h("bdi", { class: "path" }, entry.path, entry.query ? h("span", { class: "query" }, `?${entry.query}`) : null),
      subject(entry),
      chips(entry),
      h("span", { class: "duration" }, `${duration(entry.milliseconds)} ms`),
      moment(entry.at),
      reasons(entry)));
  line.addEventListener("toggle", () => {
    if (line.open && line.childElementCount === 1) line.append(exchange(entry));
    if (line.open) line.scrollIntoView({ block: "nearest" });
  });
  return h("li", { class: "entry", "data-id": entry.id }, line);
}

function statusMark({ status, fault }) {
  if (status === null) return mark("failed", "no response");
  return mark(fault?.broken ? "failed" : KINDS[Math.floor(status / 100)], String(status));
}

/** Name what the request is about: cart, provider, amount and session. */
function subject({ cart: known, request, response }) {
  const { cart_id: cart = known, provider_id: provider } = readBody(request);
  const { amount, currency_code: currency, payment_sessions: sessions } = readBody(response).payment_collection ?? {};
  const money = isMoney(amount, currency) ? formatMoney(amount, currency) : null;
  const isOurs = (session) => session?.provider_id === provider;
  const session = provider && Array.isArray(sessions) ? sessions.find(isOurs)?.id : null;
  const texts = [cart, provider, money, session].filter((each) => typeof each === "string");
  return texts.length ? h("span", { class: "subject" }, ...texts.map((text) => h("bdi", {}, text))) : null;
}

/** Name what affected the response besides the store. */
function chips({ fault, fault_id: id, has_preference: hasPreference }) {
  if (!fault && !hasPreference) return null;
  const words = fault && `Fault: ${effect(fault)}`;
  return h("span", { class: "origin" },
    hasPreference ? h("span", { class: "chip", title: "The request asks for a documented response" }, "preferred") : null,
    fault ? h("span", { class: "chip fault", title: `${id}: ${words}` }, words) : null);
}

function duration(milliseconds) {
  return milliseconds < 9.95 ? milliseconds.toFixed(1) : String(Math.round(milliseconds));
}

/** Return what is wrong: the contract violations or, without any, the error's message. */
function reasons({ violations, status, response }) {
  if (violations.length) {
    const sentences = violations.map((sentence) => h("span", {}, h("span", { class: "unseen" }, "Violates the contract: "), sentence));
    return h("span", { class: "reasons violations" }, ...sentences);
  }
  const { message, title, detail } = (status >= 400 && response.body && readFaithfully(response.body)) || {};
  // The documented 401 is plain text; its reason is in this header.
  const [violation] = JSON.parse(response.headers["sl-violations"] ?? "[]");
  const reason = [message, detail, title, violation?.message].find((each) => typeof each === "string" && each);
  return reason ? h("span", { class: "reasons" }, reason) : null;
}

function exchange(entry) {
  return h("div", { class: "exchange" },
    copyButtons(() => requestOf(entry)),
    half("Request", entry.request),
    half("Response", entry.response));
}

function half(title, { headers, body, bytes, is_whole: isWhole }) {
  const lines = Object.entries(headers).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  return h("section", { class: "half" },
    h("h3", {}, title, h("span", { class: "count" }, `${bytes.toLocaleString("en")} bytes`)),
    h("dl", { class: "headers" }, ...lines),
    body === null && bytes ? h("p", { class: "hint" }, "The body is not text.") : null,
    body ? h("pre", { tabindex: "0", "aria-label": `${title} body` }, isWhole ? pretty(body) : body) : null,
    isWhole || body === null ? null : h("p", { class: "hint" }, "The journal keeps only its beginning."));
}
