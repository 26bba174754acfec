"""What invariants look at: a call, and what the calls before it revealed."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from xclade_store_mock.check import IDEMPOTENCY_KEY, KEY_HEADER
from xclade_store_mock.check.calls import CREATE, INITIALIZE, Interaction
from xclade_store_mock.dialects import DOCUMENTED
from xclade_store_mock.payments.idempotency import fingerprint, parse_key
from xclade_store_mock.upstream import READS
from xclade_store_mock.web.dialect import Dialect

_K = TypeVar("_K")
_V = TypeVar("_V")

Object = Mapping[str, Any]
"""A JSON object."""

REMEMBERED_TIMES = ("created_at", "updated_at")
"""The times that are compared from call to call."""

_MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Seen:
    """A call, and the parts of it that invariants look at; what is missing is empty.

    Without `is_alone`, another call for the same cart or payment collection overlapped.
    """

    call: Interaction
    known: "Known"
    is_alone: bool = True
    dialect: Dialect = DOCUMENTED

    @cached_property
    def path(self) -> list[str]:
        """The parts of the path."""
        return [unquote(each) for each in urlsplit(self.call.url).path.strip("/").split("/")]

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query parameters; of repeated ones, the last."""
        return dict(self.call.query)

    @cached_property
    def request(self) -> Object:
        """The request's body."""
        return _object(self.call.document)

    @cached_property
    def document(self) -> Object:
        """The body of a successful response."""
        response = self.call.response
        return _object(response.document) if response and self.call.succeeded else {}

    @cached_property
    def collection(self) -> Object:
        """The payment collection in the response."""
        found = _object(self.document.get("payment_collection"))
        return found if isinstance(found.get("id"), str) else {}

    @cached_property
    def sessions(self) -> list[Object]:
        """The payment sessions in the response."""
        return objects(self.collection, "payment_sessions")

    @cached_property
    def providers(self) -> dict[int, str]:
        """The ids of the payment providers in the response, by their position in the whole list."""
        offset = self.document.get("offset")
        start = offset if isinstance(offset, int) else 0
        listed = objects(self.document, "payment_providers")
        return {start + index: each["id"] for index, each in enumerate(listed)}

    @property
    def cart(self) -> str:
        """The id of the cart whose payment collection is created."""
        cart = self.request.get("cart_id") if self.call.operation == CREATE else ""
        return cart if isinstance(cart, str) else ""

    @cached_property
    def target(self) -> str:
        """The id of the payment collection that a session is initialized for."""
        return self.path[-2] if self.call.operation == INITIALIZE else ""

    @property
    def is_read(self) -> bool:
        """Whether the call changes nothing."""
        return self.call.method in READS

    @property
    def called_cart(self) -> str:
        """The id of the cart that is called itself, beside the contract's operations."""
        _, carts, below = "/".join(self.path).partition("store/carts/")
        return below.partition("/")[0] if carts else ""

    @property
    def is_replayed(self) -> bool:
        """Whether the response is one that was stored for an idempotency key."""
        response = self.call.response
        return response is not None and response.headers.get("idempotent-replayed") == "true"

    @property
    def has_customer(self) -> bool:
        """Whether a customer may be signed in."""
        return any(self.call.header(name) for name in ("authorization", "cookie"))

    @property
    def has_initialized(self) -> bool:
        """Whether the call, alone, initialized a session and shows the collection's sessions."""
        shows = self.call.operation == INITIALIZE and "payment_sessions" in self.collection
        return shows and self.is_alone and not self.is_replayed

    @property
    def terms(self) -> tuple[Any, Any]:
        """The payment collection's amount and currency."""
        return self.collection.get("amount"), self.collection.get("currency_code")

    @property
    def listing(self) -> tuple[Any, ...]:
        """What selects the list of providers that this is a page of, and its size."""
        paging = {"fields", "limit", "offset"}
        selecting = sorted(each for each in self.call.query if each[0] not in paging)
        return str(self.document.get("count")), *selecting

    @cached_property
    def key_scope(self) -> tuple[str, ...]:
        """The idempotency key, and what it is scoped to; empty without a key."""
        key, owner = self.call.header(IDEMPOTENCY_KEY), self.call.header(KEY_HEADER)
        return (owner or "", self.call.method, *self.path, parse_key(key)) if key else ()

    @cached_property
    def request_fingerprint(self) -> str:
        """What requests with the same idempotency key have in common."""
        return _fingerprint(self.query, self.call.document)

    @property
    def response_fingerprint(self) -> str:
        """What a replayed response has in common with the first one."""
        return _fingerprint({}, self.document)


class _Recent(OrderedDict[_K, _V]):
    """A mapping that forgets its oldest entries."""

    def __setitem__(self, key: _K, value: _V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > _MOST_REMEMBERED:
            self.popitem(last=False)


class Shown(NamedTuple):
    """A payment collection's amount and currency, and the ids and providers of its sessions.

    `has_failed` once an initialization has failed since.
    """

    terms: tuple[Any, Any]
    sessions: tuple[tuple[str, str], ...]
    has_failed: bool = False


@dataclass(slots=True)
class Known:
    """What earlier calls revealed; the oldest is forgotten."""

    collections: _Recent[str, str] = field(default_factory=_Recent)
    """The payment collection of each cart."""
    owners: _Recent[str, str] = field(default_factory=_Recent)
    """The cart of each payment collection, the collection of each session, and so on to intents."""
    carts: _Recent[str, Object] = field(default_factory=_Recent)
    """The total and currency of each cart."""
    unsettled: _Recent[str, bool] = field(default_factory=_Recent)
    """The carts that a call may change at any time, because it failed or got no response."""
    shown: _Recent[str, Shown] = field(default_factory=_Recent)
    """The payment collections whose sessions are known."""
    times: _Recent[tuple[str, str], datetime] = field(default_factory=_Recent)
    """The times of each payment collection and session, and of a collection's latest session."""
    providers: _Recent[Any, dict[int, str]] = field(default_factory=_Recent)
    """The ids of each list of providers, by position."""
    answers: _Recent[tuple[str, ...], tuple[str, str]] = field(default_factory=_Recent)
    """The fingerprints of request and response, by idempotency key."""

    def subjects(self, seen: Seen) -> set[str]:
        """Return the ids of the carts and payment collections that a call is about."""
        return self.with_owners({seen.cart, seen.target, seen.called_cart} - {""})

    def with_owners(self, ids: set[str]) -> set[str]:
        """Return the ids, and those of what they belong to."""
        return ids | {self.owners[each] for each in ids if each in self.owners}

    def learn(self, seen: Seen) -> None:
        """Remember what a call revealed."""
        self._learn_cart(seen)
        if not seen.call.operation:
            return
        if seen.providers:
            known = self.providers.get(seen.listing, {}) | seen.providers
            self.providers[seen.listing] = known if len(known) < _MOST_REMEMBERED else {}
        if seen.key_scope and seen.collection and not seen.is_replayed:
            self.answers[seen.key_scope] = seen.request_fingerprint, seen.response_fingerprint
        for each in (seen.collection, *seen.sessions):
            for name in REMEMBERED_TIMES:
                if moment := read_time(each, name):
                    self.times[each["id"], name] = moment
        self._learn_sessions(seen)

    def _learn_cart(self, seen: Seen) -> None:
        if seen.cart and seen.collection:
            self.collections[seen.cart] = seen.collection["id"]
            self.owners[seen.collection["id"]] = seen.cart
        if seen.called_cart and not seen.is_read:
            self._doubt_cart(seen)
        for cart in (_object(seen.document.get("cart")), *objects(seen.document, "carts")):
            is_whole = isinstance(cart.get("id"), str) and {"total", "currency_code"} <= cart.keys()
            # What overlapped a change may be the cart before it.
            if is_whole and seen.is_alone and cart["id"] not in self.unsettled:
                terms = {"amount": cart["total"], "currency_code": cart["currency_code"]}
                self.carts[cart["id"]] = terms

    def _doubt_cart(self, seen: Seen) -> None:
        """Forget what a call that changes a cart may have changed."""
        cart, response = seen.called_cart, seen.call.response
        self.carts.pop(cart, None)
        self.shown.pop(self.collections.get(cart, ""), None)
        if response is None or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.unsettled[cart] = True

    def _learn_sessions(self, seen: Seen) -> None:
        for session in seen.sessions:
            self.owners[session["id"]] = seen.collection["id"]
            data, created = _object(session.get("data")), read_time(session, "created_at")
            if isinstance(data.get("id"), str):
                self.owners[data["id"]] = session["id"]
            if created and seen.has_initialized:
                self.times[seen.target, "session"] = created
        if "payment_sessions" in seen.collection and seen.is_alone and not seen.is_replayed:
            sessions = tuple((each["id"], str(each.get("provider_id"))) for each in seen.sessions)
            self.shown[seen.collection["id"]] = Shown(seen.terms, sessions)
        elif seen.target and not seen.is_replayed:
            shown = self.shown.pop(seen.target, None)
            if shown and seen.is_alone and seen.call.response and not seen.call.succeeded:
                self.shown[seen.target] = shown._replace(has_failed=True)


def read_time(value: Object, name: str) -> datetime | None:
    """Return a member that is a time; None if it is missing or not a time."""
    try:
        moment = datetime.fromisoformat(value[name])
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def objects(value: Object, name: str) -> list[Object]:
    """Return the objects with an id that a member lists."""
    listed = value.get(name)
    members = listed if isinstance(listed, list) else []
    return [each for each in members if isinstance(each, dict) and isinstance(each.get("id"), str)]


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _fingerprint(query: Mapping[str, str], document: Any) -> str:
    try:
        return fingerprint(query, document)
    except RecursionError:
        return "too deep to compare"
