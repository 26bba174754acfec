"""What the cases of a recording reveal of the store before the first one."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec

from xclade_store_mock.payments.model import Customer
from xclade_store_mock.upstream import KEY, NO_CURRENCY

if TYPE_CHECKING:
    from xclade_store_mock.upstream.recording import Case

_PROVIDERS = re.compile(r"GET .*/store/payment-providers/?", re.IGNORECASE)
_COLLECTIONS = re.compile(r"POST .*/store/payment-collections/?", re.IGNORECASE)
_SESSIONS = re.compile(
    r"POST .*/store/payment-collections/([^/]++)/payment-sessions/?", re.IGNORECASE
)
_OPERATIONS = re.compile(
    r".*/store/payment-(?:providers|collections(?:/[^/]++/payment-sessions)?)/?", re.IGNORECASE
)
_NEW_CART = re.compile(r"POST .*/store/carts/?", re.IGNORECASE)
_REGION_OF_CART = re.compile(r"cart's region ([^\s.]++)")
_TOKEN = re.compile("[!-~]+")
_CURRENCY = re.compile("[a-z]{3}")
# A collection that returns one of them exists, whether or not the session was created.
_EXISTS = frozenset({HTTPStatus.OK, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})


@dataclass(slots=True)
class _Facts:
    """What is known of a region, a cart or a collection."""

    currency_code: str | None = None
    total: float | None = None
    region_id: str | None = None
    cart_id: str | None = None
    providers: set[str] = field(default_factory=set)
    """Those that work."""
    is_new: bool = False
    """Whether it was created after the first case."""

    def learn(
        self, currency_code: Any = None, total: Any = None, region_id: Any = None
    ) -> "_Facts":
        """Keep what was not known: a later value may be that after a change."""
        if self.currency_code is None and _CURRENCY.fullmatch(str(currency_code)):
            self.currency_code = currency_code
        if self.total is None and isinstance(total, int | float):
            self.total = total
        self.region_id = self.region_id or _text(region_id)
        return self


class Revealed:
    """The store that has been revealed so far."""

    def __init__(self) -> None:
        self._keys: dict[str, bool] = {}
        self._origins: dict[str, bool] = {}
        self._customers: dict[str, dict[str, Any]] = {}
        self._providers: dict[str, bool] = {}
        self._regions: dict[str, _Facts] = {}
        self._carts: dict[str, _Facts] = {}
        self._collections: dict[str, _Facts] = {}

    def learn(self, case: "Case") -> None:
        """Learn from the next case."""
        request, response = case.request, case.response
        path, _, query = request.target.partition("?")
        line = f"{request.method} {path}"
        sent, received = _members(request.content), _members(response.content)
        headers = {name.lower(): value for name, value in request.headers}
        is_ok = response.status < HTTPStatus.BAD_REQUEST
        self._learn_access(headers, case, str(received.get("message")), is_ok=is_ok)
        if found := _SESSIONS.fullmatch(line):
            self._learn_session(found[1], sent, received, response.status)
            self._learn_customer(headers.get("authorization", ""), received)
        elif not is_ok:
            return
        elif _PROVIDERS.fullmatch(line):
            region_id = parse_qs(query).get("region_id", [""])[0]
            self._learn_providers(region_id, _list(received.get("payment_providers")))
        elif _COLLECTIONS.fullmatch(line):
            self._learn_collection(sent.get("cart_id"), received)
        else:
            self._learn_entities(received, is_new=_NEW_CART.fullmatch(line) is not None)

    def _learn_access(
        self, headers: Mapping[str, str], case: "Case", message: str, *, is_ok: bool
    ) -> None:
        is_refused = case.response.status == HTTPStatus.UNAUTHORIZED or "ublishable" in message
        if key := _TOKEN.fullmatch(headers.get(KEY, "").strip()):
            self._keys[key[0]] = is_ok or (self._keys.get(key[0], True) and not is_refused)
        allowed = any(
            name.lower() == "access-control-allow-origin" for name, _ in case.response.headers
        )
        # Forwarded by `serve`, others are recorded without the CORS headers that pages get.
        is_operation = _OPERATIONS.fullmatch(case.request.target.partition("?")[0])
        if is_operation and "origin" in headers and (is_ok or allowed):
            self._origins[headers["origin"]] = allowed

    def _learn_customer(self, authorization: str, received: Mapping[str, Any]) -> None:
        scheme, _, token = authorization.partition(" ")
        collection = _mapping(received.get("payment_collection"))
        for session in map(_mapping, _list(collection.get("payment_sessions"))):
            customer = _mapping(_mapping(session.get("context")).get("customer"))
            is_known = _text(customer.get("id")) and _TOKEN.fullmatch(token.strip())
            if scheme.lower() == "bearer" and is_known:
                self._customers[token.strip()] = customer

    def _learn_providers(self, region_id: str, listed: list[Any]) -> None:
        for each in map(_mapping, listed):
            id_ = str(each.get("id"))
            if region_id and id_.startswith("pp_"):
                self._regions.setdefault(region_id, _Facts()).providers.add(id_)
                self._providers.setdefault(id_, each.get("is_enabled") is not False)

    def _learn_collection(self, cart_id: Any, received: Mapping[str, Any]) -> None:
        collection = _mapping(received.get("payment_collection"))
        id_ = _text(collection.get("id"))
        if id_ and _text(cart_id):
            is_new = not collection.get("payment_sessions")
            facts = self._collections.setdefault(id_, _Facts(is_new=is_new))
            facts.learn(collection.get("currency_code"), collection.get("amount"))
            facts.cart_id = cart_id
            self._carts.setdefault(cart_id, _Facts())

    def _learn_session(
        self, id_: str, sent: Mapping[str, Any], received: Mapping[str, Any], status: int
    ) -> None:
        region = _REGION_OF_CART.search(str(received.get("message")))
        if status not in _EXISTS and not region:
            return
        collection = _mapping(received.get("payment_collection"))
        facts = self._collections.setdefault(id_, _Facts())
        facts.learn(
            collection.get("currency_code"), collection.get("amount"), region[1] if region else None
        )
        provider_id = str(sent.get("provider_id"))
        if status == HTTPStatus.OK and provider_id.startswith("pp_"):
            facts.providers.add(provider_id)
            self._providers.setdefault(provider_id, True)

    def _learn_entities(self, received: Mapping[str, Any], *, is_new: bool) -> None:
        cart = _mapping(received.get("cart"))
        for region in map(
            _mapping, [*_list(received.get("regions")), received.get("region"), cart.get("region")]
        ):
            if id_ := _text(region.get("id")):
                self._regions.setdefault(id_, _Facts()).learn(region.get("currency_code"))
        if id_ := _text(cart.get("id")):
            facts = self._carts.setdefault(id_, _Facts(is_new=is_new))
            facts.learn(cart.get("currency_code"), cart.get("total"), cart.get("region_id"))
            if collection_id := _text(_mapping(cart.get("payment_collection")).get("id")):
                self._collections.setdefault(collection_id, _Facts()).cart_id = id_

    def describe(self, customer: Customer) -> Customer:
        """Return a customer with what the responses say of it."""
        known = msgspec.to_builtins(customer)
        try:
            return msgspec.convert(
                {**known, **self._customers.get(customer.token, {}), "id": customer.id}, Customer
            )
        except msgspec.ValidationError:
            return customer

    def document(self) -> dict[str, Any]:
        """Return the store, as a store file has it; what is not known of it is made up."""
        regions, carts, collections = deepcopy((self._regions, self._carts, self._collections))
        for id_, each in collections.items():
            each.cart_id = each.cart_id or f"cart_of_{id_}"
            cart = carts.setdefault(each.cart_id, _Facts())
            cart.learn(each.currency_code, each.total, each.region_id)
            cart.providers |= each.providers
        carts = {id_: each for id_, each in carts.items() if not each.is_new}
        for id_, each in carts.items():
            each.region_id = each.region_id or _find_region(regions, each) or f"reg_of_{id_}"
            region = regions.setdefault(each.region_id, _Facts()).learn(each.currency_code)
            region.providers |= each.providers
        for each in carts.values():
            # A later cart may have revealed the region's.
            each.currency_code = regions[str(each.region_id)].currency_code or NO_CURRENCY
        store: dict[str, Any] = {
            "publishable_keys": [{"token": key} for key, is_ok in self._keys.items() if is_ok],
            "payment_providers": [
                {"id": id_, "is_enabled": is_enabled} for id_, is_enabled in self._providers.items()
            ],
            "regions": [_region(id_, each) for id_, each in regions.items()],
            "customers": [
                {"id": each["id"], "token": token} for token, each in self._customers.items()
            ],
            "carts": [_cart(id_, each) for id_, each in carts.items()],
            "payment_collections": [*_existing(collections, carts)],
        }
        if not all(self._origins.values()):
            store["cors_origins"] = [each for each, allowed in self._origins.items() if allowed]
        return store


def _region(id_: str, facts: _Facts) -> dict[str, Any]:
    currency_code = facts.currency_code or NO_CURRENCY
    providers = sorted(facts.providers)
    return {"id": id_, "currency_code": currency_code, "payment_providers": providers}


def _cart(id_: str, facts: _Facts) -> dict[str, Any]:
    return {
        "id": id_,
        "region_id": facts.region_id,
        "currency_code": facts.currency_code,
        "total": facts.total or 0,
    }


def _existing(
    collections: Mapping[str, _Facts], carts: Mapping[str, _Facts]
) -> Iterator[dict[str, Any]]:
    """Yield the collections before the first case, one for each cart."""
    found = {each.cart_id: id_ for id_, each in collections.items() if not each.is_new}
    for cart_id, cart in carts.items():
        if cart_id in found:
            yield {
                "id": found[cart_id],
                "cart_id": cart_id,
                "currency_code": cart.currency_code,
                "amount": cart.total or 0,
            }


def _find_region(regions: Mapping[str, _Facts], cart: _Facts) -> str | None:
    """Return a region that the cart may be of."""
    for id_, region in regions.items():
        currencies = {region.currency_code, cart.currency_code} - {None}
        if len(currencies) <= 1 and cart.providers <= region.providers:
            return id_
    return None


def _members(content: bytes | None) -> dict[str, Any]:
    try:
        return _mapping(msgspec.json.decode(content or b""))
    except (msgspec.DecodeError, RecursionError):
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
