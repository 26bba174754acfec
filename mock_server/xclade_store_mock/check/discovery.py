"""The first calls: is this a Store API, does it take the key, and what is there to test with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from xclade_store_mock.check.backend import Answer, Backend, Call, Exchange
from xclade_store_mock.check.target import Unusable

LIST = "list_payment_providers"
CREATE = "create_payment_collection"
INITIALIZE = "initialize_payment_session"
OPERATIONS = (LIST, CREATE, INITIALIZE)

NOBODYS = "of_nobody_in_this_store"
"""An id that nothing has."""

_COLLECTIONS = "/store/payment-collections"


@dataclass(frozen=True, slots=True)
class Ids:
    """What exists in the backend's store; None where nothing is known to."""

    region: str | None = None
    cart: str | None = None
    collection: str | None = None
    provider: str | None = None

    @property
    def tested(self) -> tuple[str, ...]:
        """The operations that can be called with success."""
        known = {
            LIST: self.region,
            CREATE: self.cart,
            INITIALIZE: self.collection and self.provider,
        }
        return tuple(operation for operation in OPERATIONS if known[operation])

    def any_call(self) -> Call:
        """Make a call of the first operation that is tested."""
        if LIST in self.tested:
            return self.list_providers()
        return self.create_collection() if CREATE in self.tested else self.initialize_session()

    def list_providers(self, **query: str) -> Call:
        """List the region's payment providers."""
        region = {"region_id": self.region or NOBODYS}
        return Call(LIST, "GET", "/store/payment-providers", region | query)

    def create_collection(self, cart: str | None = None) -> Call:
        """Create the payment collection of the cart, or of another one."""
        return Call(CREATE, "POST", _COLLECTIONS, content=_json({"cart_id": cart or self.cart}))

    def initialize_session(
        self, data: Mapping[str, Any] | None = None, collection: str | None = None
    ) -> Call:
        """Initialize a session of the provider for the collection, or for another one."""
        path = f"{_COLLECTIONS}/{quote(collection or self.collection or '', safe='')}"
        body = {"provider_id": self.provider} | ({} if data is None else {"data": data})
        return Call(INITIALIZE, "POST", f"{path}/payment-sessions", content=_json(body))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()


_MANUAL = "pp_system_"
_GATEWAY = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
_KEY_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_NOT_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}


@dataclass(slots=True)
class Contact:
    """What the first calls found.

    `not_tested` tells what cannot be tested, and why; `collections` are all that are known.
    """

    ids: Ids
    not_tested: dict[str, str] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    collections: frozenset[str] = frozenset()


def make_contact(backend: Backend, given: Ids) -> Contact:
    """Find what was not given; raise Unusable if there is no such Store API, key or id."""
    contact = Contact(given)
    providers = _send(backend, given.list_providers(), contact)
    _require_store_api(backend.url, providers)
    _look_for_provider(contact, providers)
    _look_for_collection(backend, contact)
    if INITIALIZE in contact.ids.tested:
        _send(backend, contact.ids.initialize_session(), contact)
    if not contact.ids.tested:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in contact.not_tested.items())
        message = f"there is nothing to test: {reasons}"
        raise Unusable(message)
    return contact


def _look_for_provider(contact: Contact, answer: Answer) -> None:
    ids = contact.ids
    listed = [
        each["id"]
        for each in _listed(answer, "payment_providers")
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    ]
    if ids.region is None:
        contact.not_tested[LIST] = "needs a region, --region-id"
    elif isinstance(document := answer.document, dict) and document.get("payment_providers") == []:
        message = (
            f"the backend lists no payment provider for the region {ids.region}: is its id right?"
        )
        raise Unusable(message)
    if ids.provider is None:
        # Another provider may be somebody's who counts what is asked of him.
        manual = [each for each in listed if each.startswith(_MANUAL)]
        contact.ids = replace(ids, provider=manual[0] if manual else None)
    if contact.ids.provider is None:
        contact.not_tested[INITIALIZE] = (
            f"needs a provider, --provider-id; the region has {', '.join(listed)}"
            if listed
            else "needs a provider, --provider-id, or a region with the manual one, --region-id"
        )


def _look_for_collection(backend: Backend, contact: Contact) -> None:
    ids = contact.ids
    if ids.cart is None:
        contact.not_tested[CREATE] = "needs a cart, --cart-id"
    else:
        created = _send(backend, ids.create_collection(), contact).document
        collection = created.get("payment_collection") if isinstance(created, dict) else None
        found = collection.get("id") if isinstance(collection, dict) else None
        if isinstance(found, str) and found:
            contact.ids = replace(ids, collection=ids.collection or found)
            contact.collections |= {found}
    if contact.ids.collection:
        contact.collections |= {contact.ids.collection}
    else:
        contact.not_tested[INITIALIZE] = "needs a payment collection, --collection-id, or --cart-id"
    if not {CREATE, INITIALIZE} <= {*contact.ids.tested}:
        contact.not_tested[f"the link from {CREATE} to {INITIALIZE}"] = "needs both"


def _send(backend: Backend, call: Call, contact: Contact) -> Answer:
    """Send a call; raise Unusable if nobody answers, or if what it names is refused."""
    exchange = backend.send(call)
    contact.exchanges.append(exchange)
    answer = exchange.answer
    if answer is None:
        message = f"{backend.url}: {exchange.trouble}"
        raise Unusable(message)
    if call.operation != LIST and answer.status in _REFUSED:
        sent = (call.content or b"").decode()
        message = (
            f"the backend refuses {call.method} {call.path} with {sent}: "
            f"{_in_short(answer).rstrip('.')}. Are the ids right?"
        )
        raise Unusable(message)
    return answer


def _require_store_api(url: str, answer: Answer) -> None:
    document = answer.document
    kind = document.get("type") if isinstance(document, dict) else None
    if HTTPStatus(300) <= answer.status < HTTPStatus.BAD_REQUEST:
        target = answer.headers.get("location", "nowhere")
        message = f"{url} redirects to {target}, which is not followed: check that URL instead"
    elif answer.status in _GATEWAY:
        message = f"{url}: the gateway answers, not the backend: {_in_short(answer)}"
    elif answer.status in _KEY_REFUSED or (
        answer.status == HTTPStatus.BAD_REQUEST and kind == "not_allowed"
    ):
        message = f"{url} refuses the publishable key: {_in_short(answer)}"
    elif answer.status in _NOT_THERE or (
        answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(document, dict)
    ):
        message = (
            f"{url} is not a Store API: GET /store/payment-providers is answered"
            f" {answer.status} {answer.media_type}"
        )
        if url.endswith("/store"):
            message += "; give the URL without /store"
    else:
        return
    raise Unusable(message)


def _listed(answer: Answer, name: str) -> list[Any]:
    document = answer.document
    listed = document.get(name) if isinstance(document, dict) else None
    return listed if isinstance(listed, list) else []


def _in_short(answer: Answer) -> str:
    document = answer.document
    if isinstance(document, dict) and "message" in document:
        return f"{answer.status} {document.get('type')}: {document['message']}"
    return f"{answer.status} {answer.body[:200].decode(errors='replace').strip()}"
