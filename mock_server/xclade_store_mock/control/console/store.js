// The store: collections with their sessions, carts, regions, keys.

import { call, callStore, segment } from "./api.js";
import { createRequest, initializeRequest } from "./commands.js";
import { copyButtons, showCommand } from "./copying.js";
import { $, h, KeptList, mark } from "./dom.js";
import { onSubmit } from "./form.js";
import { asNumber } from "./json.js";
import { formatMoney } from "./money.js";

const PAGE = 50;
const MAX_PAGE = 1000; // as in the control API
const STATUSES = ["authorized", "requires_more", "pending_authorization", "captured", "canceled", "error", "pending"];
const AMOUNT = "(0|[1-9]\\d*)(\\.\\d+)?(e\\+?\\d+)?";
const KINDS = { authorized: "good", captured: "good", completed: "good", canceled: "refused", error: "failed" };

export class StoreView {
  #limits = { carts: PAGE, collections: PAGE };
  #collections = new KeptList($("collections"), collectionCard, { key: ({ collection }) => collection.id });
  #carts = new KeptList($("carts"), cartRow);
  #regions = new KeptList($("regions"), regionRow);
  #keys = new KeptList($("keys"), keyRow, { key: ({ index }) => index });

  /** `reload` reads the state again and shows it. */
  constructor(reload) {
    for (const name of ["carts", "collections"]) {
      $(`more-${name}`).addEventListener("submit", (event) => {
        event.preventDefault();
        this.#limits[name] = Math.min(this.#limits[name] * 2, MAX_PAGE);
        reload();
      });
    }
  }

  /** Show the store, and return the payment collections that it shows. */
  async load(state) {
    const [cartPage, collectionPage] = await Promise.all([
      call("GET", `/carts?limit=${this.#limits.carts}`),
      call("GET", `/payment-collections?limit=${this.#limits.collections}`),
    ]);
    const collections = collectionPage.payment_collections;
    const regionOf = Object.fromEntries(cartPage.carts.map((cart) => [cart.id, cart.region_id]));
    const providersOf = Object.fromEntries(state.regions.map((region) => [region.id, region.payment_providers]));
    const all = state.payment_providers.map((provider) => provider.id);
    const key = state.publishable_keys.find(({ revoked }) => !revoked)?.token ?? "";
    const cards = collections.map((collection) =>
      ({ collection, key, providers: providersOf[regionOf[collection.cart_id]] ?? all }));
    this.#collections.show(cards);
    suggest(key, cards, cartPage.carts);
    this.#carts.show(cartPage.carts);
    this.#regions.show(state.regions);
    this.#keys.show(state.publishable_keys.map((key, index) => ({ ...key, index })));
    showCount("collections", collections.length, collectionPage.count);
    showCount("carts", cartPage.carts.length, cartPage.count);
    showCount("regions", state.regions.length);
    showCount("keys", state.publishable_keys.length);
    $("collection-ids").replaceChildren(...collections.map(({ id }) => h("option", { value: id })));
    return collections;
  }
}

/** Show the requests with which a storefront could begin, of what the store has. */
function suggest(key, cards, carts) {
  const [cart] = carts;
  const card = cards.find(({ providers }) => providers.length);
  const create = cart ? createRequest(key, cart.id) : null;
  showCommand($("create-command"), create);
  showCommand($("first-command"), card
    ? initializeRequest(key, card.collection.id, card.providers.find(isSystem) ?? card.providers[0]) : create);
}

/** Return whether a provider accepts any amount. */
function isSystem(provider) {
  return provider.startsWith("pp_system");
}

function showCount(name, shown, count = shown) {
  const text = shown < count ? `${shown.toLocaleString("en")} of ${count.toLocaleString("en")}` : String(count);
  $(`${name}-heading`).querySelector(".count").textContent = text;
  $(`${name}-empty`).hidden = count > 0;
  const more = $(`more-${name}`);
  if (more) more.hidden = shown >= Math.min(count, MAX_PAGE);
}

function collectionCard({ collection, key, providers }) {
  const { id, cart_id: cart, amount, currency_code: currency, status } = collection;
  const select = h("select", { name: "provider" }, ...providers.map((provider) => h("option", {}, provider)));
  const sessions = collection.payment_sessions.map((session) => sessionRow(collection, session));
  const form = h("form", { class: "inline" },
    h("label", {}, h("span", {}, "Payment provider"), select),
    h("button", { class: "primary" }, "Initialize"),
    h("p", { class: "problem", role: "alert" }));
  onSubmit(form, ({ provider }) => callStore(initializeRequest(key, id, provider)));
  return h("li", { class: "card" },
    h("div", { class: "line" },
      h("code", { class: "name" }, id),
      statusMark(status),
      h("span", { class: "money" }, formatMoney(amount, currency))),
    h("p", { class: "hint" }, cart === null ? "without a cart" : "for ", cart === null ? null : h("code", {}, cart)),
    sessions.length ? h("ul", { class: "sessions", "aria-label": "Payment sessions" }, ...sessions) : null,
    h("details", { class: "initialize" },
      h("summary", {}, sessions.length ? "Initialize another session" : "Initialize a session"),
      form,
      copyButtons(() => initializeRequest(key, id, select.value))));
}

function sessionRow(collection, session) {
  const choices = [...new Set([...STATUSES, "never_seen_before", session.status])];
  const form = h("form", { class: "inline" },
    h("label", {}, h("span", { class: "unseen" }, `Status of ${session.id}`),
      h("select", { name: "status" }, ...choices.map((status) =>
        h("option", { selected: status === session.status }, status)))),
    h("button", {}, "Set status"),
    h("p", { class: "problem", role: "alert" }));
  const path = `/payment-collections/${segment(collection.id)}/payment-sessions/${segment(session.id)}`;
  onSubmit(form, ({ status }) => call("PATCH", path, { status }));
  return h("li", { class: "session" },
    h("div", { class: "line" },
      h("code", { class: "name", title: session.id }, session.provider_id),
      statusMark(session.status),
      h("span", { class: "money" }, formatMoney(session.amount, session.currency_code))),
    form);
}

function statusMark(status) {
  return mark(KINDS[status] ?? "waiting", status);
}

function cartRow(cart) {
  const form = h("form", { class: "inline" },
    h("label", {}, h("span", { class: "unseen" }, `Total of ${cart.id}`),
      h("input", {
        name: "total", class: "short money", value: cart.total, inputmode: "decimal", autocomplete: "off",
        required: true, pattern: AMOUNT, title: "a number, such as 12.50",
      })),
    h("button", {}, "Change total"),
    h("p", { class: "problem", role: "alert" }));
  const { id, region_id: region, currency_code: currency } = cart;
  onSubmit(form, ({ total }) => call("PUT", `/carts/${segment(id)}`,
    { region_id: region, currency_code: currency, total: asNumber(total) }));
  return h("li", {},
    h("div", { class: "line" },
      h("code", { class: "name" }, id),
      h("span", { class: "hint" }, region),
      h("span", { class: "money" }, formatMoney(cart.total, currency))),
    form);
}

function regionRow({ id, currency_code: currency, payment_providers: providers }) {
  return h("li", {},
    h("div", { class: "line" },
      h("code", { class: "name" }, id),
      h("span", { class: "hint" }, currency.toUpperCase())),
    h("p", { class: "chips" }, ...(providers.length
      ? providers.map((provider) => h("code", { class: "chip" }, provider))
      : [h("span", { class: "hint" }, "No payment provider, so its carts cannot be paid.")])));
}

function keyRow({ token, title, revoked }) {
  return h("li", {}, h("div", { class: "line" },
    h("span", { class: "name" }, title),
    h("code", { class: "hint" }, token),
    mark(revoked ? "refused" : "good", revoked ? "revoked" : "in use")));
}
