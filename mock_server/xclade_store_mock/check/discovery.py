"""The first calls: is this a Store API, does it accept the key, and which ids can be tested with.

Calls use only ids that were given or found here, and bodies as in the contract's own examples.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from xclade_store_mock.check.backend import Backend, Interaction, Request, Response
from xclade_store_mock.check.target import CannotCheck

LIST = "list_payment_providers"
CREATE = "create_payment_collection"
INITIALIZE = "initialize_payment_session"
OPERATIONS = (LIST, CREATE, INITIALIZE)

UNKNOWN_ID = "unknown_in_this_store"
"""An id that no backend knows."""

MANUAL_PROVIDER = "pp_system_"
"""The prefix of providers that take no real payments."""

_PROVIDERS = "/store/payment-providers"
_COLLECTIONS = "/store/payment-collections"
_GATEWAY = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
_KEY_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_NOT_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
_IDS_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids that exist in the backend's store; None where none is known."""

    region: str | None = None
    cart: str | None = None
    collection: str | None = None
    provider: str | None = None

    @property
    def tested(self) -> tuple[str, ...]:
        """The operations that can succeed with these ids."""
        known = {
            LIST: self.region,
            CREATE: self.cart,
            INITIALIZE: self.collection and self.provider,
        }
        return tuple(operation for operation in OPERATIONS if known[operation])

    def any_request(self) -> Request:
        """Return a request for the first operation that is tested."""
        if LIST in self.tested:
            return self.list_providers()
        return self.create_collection() if CREATE in self.tested else self.initialize_session()

    def list_providers(self, **query: str) -> Request:
        """Return a request for the region's payment providers."""
        return Request(LIST, "GET", _PROVIDERS, {"region_id": self.region or UNKNOWN_ID} | query)

    def create_collection(self, cart: str | None = None) -> Request:
        """Return a request to create the payment collection of a cart (default: ours)."""
        return Request(CREATE, "POST", _COLLECTIONS, content=_json({"cart_id": cart or self.cart}))

    def initialize_session(
        self, data: Mapping[str, Any] | None = None, collection: str | None = None
    ) -> Request:
        """Return a request to initialize a session for a payment collection (default: ours)."""
        path = f"{_COLLECTIONS}/{quote(collection or self.collection or '', safe='')}"
        body = {"provider_id": self.provider} | ({} if data is None else {"data": data})
        return Request(INITIALIZE, "POST", f"{path}/payment-sessions", content=_json(body))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()


@dataclass(slots=True)
class Discovery:
    """What the first calls found.

    `not_tested` maps what cannot be tested to the reason. `collections` are all that are known;
    those in `free_collections` have an amount of 0.
    """

    ids: Ids
    not_tested: dict[str, str] = field(default_factory=dict)
    interactions: list[Interaction] = field(default_factory=list)
    collections: frozenset[str] = frozenset()
    free_collections: frozenset[str] = frozenset()


def discover(backend: Backend, given: Ids) -> Discovery:
    """Find the ids that were not given.

    Raises:
        CannotCheck: If this is not a Store API, or it refuses the key or an id.
    """
    discovery = Discovery(given)
    providers = _send(backend, given.list_providers(), discovery)
    _require_store_api(backend.url, providers)
    _find_provider(discovery, providers)
    _find_collection(backend, discovery)
    if INITIALIZE in discovery.ids.tested:
        _send(backend, discovery.ids.initialize_session(), discovery)
    if not discovery.ids.tested:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in discovery.not_tested.items())
        message = f"there is nothing to test: {reasons}"
        raise CannotCheck(message)
    return discovery


def _find_provider(discovery: Discovery, response: Response) -> None:
    ids = discovery.ids
    providers = _member(response, "payment_providers")
    if ids.region is None:
        discovery.not_tested[LIST] = "needs a region, --region-id"
    elif providers == []:
        message = (
            f"the backend lists no payment provider for the region {ids.region}: is its id right?"
        )
        raise CannotCheck(message)
    listed = [
        each["id"]
        for each in (providers if isinstance(providers, list) else [])
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    ]
    if ids.provider is None:
        # Any other provider may be a third party, where each session costs or counts.
        manual = [each for each in listed if each.startswith(MANUAL_PROVIDER)]
        discovery.ids = replace(ids, provider=manual[0] if manual else None)
    if discovery.ids.provider is None:
        discovery.not_tested[INITIALIZE] = (
            f"needs a provider, --provider-id; the region has {', '.join(listed)}"
            if listed
            else "needs a provider, --provider-id, or a region with the manual one, --region-id"
        )


def _find_collection(backend: Backend, discovery: Discovery) -> None:
    ids = discovery.ids
    if ids.cart is None:
        discovery.not_tested[CREATE] = "needs a cart, --cart-id"
    else:
        created = _member(_send(backend, ids.create_collection(), discovery), "payment_collection")
        found = created.get("id") if isinstance(created, dict) else None
        if isinstance(found, str) and found:
            discovery.ids = replace(ids, collection=ids.collection or found)
            discovery.collections |= {found}
            if created.get("amount") == 0:
                discovery.free_collections |= {found}
    if discovery.ids.collection:
        discovery.collections |= {discovery.ids.collection}
    else:
        discovery.not_tested[INITIALIZE] = (
            "needs a payment collection, --collection-id, or --cart-id"
        )
    if not {CREATE, INITIALIZE} <= {*discovery.ids.tested}:
        discovery.not_tested[f"the link from {CREATE} to {INITIALIZE}"] = "needs both"


def _send(backend: Backend, request: Request, discovery: Discovery) -> Response:
    """Send a request; raise CannotCheck if there is no response, or it refuses the ids."""
    interaction = backend.send(request)
    discovery.interactions.append(interaction)
    response = interaction.response
    if response is None:
        message = f"{backend.url}: {interaction.error}"
        raise CannotCheck(message)
    if request.operation != LIST and response.status in _IDS_REFUSED:
        sent = (request.content or b"").decode()
        message = (
            f"the backend refuses {request.method} {request.path} with {sent}: "
            f"{_summarize(response).rstrip('.')}. Are the ids right?"
        )
        raise CannotCheck(message)
    return response


def _require_store_api(url: str, response: Response) -> None:
    document = response.document
    error_type = document.get("type") if isinstance(document, dict) else None
    if HTTPStatus(300) <= response.status < HTTPStatus.BAD_REQUEST:
        target = response.headers.get("location", "nowhere")
        message = f"{url} redirects to {target}, which is not followed: check that URL instead"
    elif response.status in _GATEWAY:
        message = f"{url}: a gateway responds, not the backend: {_summarize(response)}"
    elif response.status in _KEY_REFUSED or (
        response.status == HTTPStatus.BAD_REQUEST and error_type == "not_allowed"
    ):
        message = f"{url} refuses the publishable key: {_summarize(response)}"
    elif response.status in _NOT_THERE or (
        response.status < HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(document, dict)
    ):
        message = (
            f"{url} is not a Store API: GET {_PROVIDERS} returns"
            f" {response.status} {response.media_type}"
        )
        if url.endswith("/store"):
            message += "; give the URL without /store"
    else:
        return
    raise CannotCheck(message)


def _member(response: Response, name: str) -> Any:
    document = response.document
    return document.get(name) if isinstance(document, dict) else None


def _summarize(response: Response) -> str:
    document = response.document
    if isinstance(document, dict) and "message" in document:
        return f"{response.status} {document.get('type')}: {document['message']}"
    return f"{response.status} {response.body[:_SHOWN].decode(errors='replace').strip()}"
