"""A call of an operation, and the calls that can be made with some ids.

It needs nothing of the extra `check`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

LIST = "list_payment_providers"
CREATE = "create_payment_collection"
INITIALIZE = "initialize_payment_session"
OPERATIONS = (LIST, CREATE, INITIALIZE)

UNKNOWN_ID = "unknown_in_this_store"
"""An id that no backend knows."""

MANUAL_PROVIDER = "pp_system_"
"""The prefix of providers that take no real payments."""

PROVIDERS = "/store/payment-providers"
"""The path of the first operation."""

_COLLECTIONS = "/store/payment-collections"


@dataclass(frozen=True, slots=True)
class Request:
    """A request for an operation; a header that is None is not sent, not even the key."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    content: bytes = b""


@dataclass(frozen=True)
class Response:
    """A response; its header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters; empty if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def document(self) -> Any:
        """The body as JSON; None if it is not JSON."""
        return _parse(self.body)

    def member(self, name: str) -> Any:
        """Return a member of the body; None if it has none, or is not a JSON object."""
        document = self.document
        return document.get(name) if isinstance(document, dict) else None


@dataclass(frozen=True)
class Interaction:
    """A request as it was sent, and its response, or the reason why there is none."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    response: Response | None
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the response's status is 2xx."""
        return self.response is not None and self.response.status // 100 == 2  # noqa: PLR2004 - 2xx

    @cached_property
    def document(self) -> Any:
        """The request's body as JSON; None if it is not JSON."""
        return _parse(self.body)

    @property
    def query(self) -> list[tuple[str, str]]:
        """The names and values in the URL's query."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """Return a request header, or None; letter case does not matter."""
        headers = self.headers.items()
        return next((value for each, value in headers if each.lower() == name.lower()), None)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None


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
        return Request(LIST, "GET", PROVIDERS, {"region_id": self.region or UNKNOWN_ID} | query)

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
