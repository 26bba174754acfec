"""The mock in front of a backend: it simulates the contract's operations, the backend all others.

A storefront sees one consistent store: a cart that the backend returns has the payment collection
that the mock has for it.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Raw
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Match
from xclade_store_mock.control.front import PREFIX, exchange_of
from xclade_store_mock.payments.documents import document_in_cart
from xclade_store_mock.upstream.headers import accept_readable, accept_whole
from xclade_store_mock.upstream.learning import KEY, Learner
from xclade_store_mock.web import read_header
from xclade_store_mock.web.bodies import decode
from xclade_store_mock.web.pages import is_page

_STORE = "/store/"
_CART = re.compile("/store/carts/([^/]+)")
# Where responses have carts: in DELETE …/line-items/{id} it is the parent.
_CART_KEYS = ("cart", "parent")
_COLLECTION = "payment_collection"

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_INSPECTED = 2**20  # bytes of a response; what is cut off there is not JSON
_OK = range(200, 206)
_REFUSED = range(400, 500)
_CHANGED_HEADERS = ("content-encoding", "content-length", "etag", "transfer-encoding")


class Split:
    """Passes on what the mock serves, and every other request to another application."""

    def __init__(
        self, app: ASGIApp, *, find: Callable[[str, str], Match | None], other: ASGIApp
    ) -> None:
        self._app = app
        self._find = find
        self._other = other

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or self._is_own(scope):
            return self._app(scope, receive, send)
        exchange = exchange_of(scope)
        if exchange is not None:
            # The contract, which does not have it, does not matter here.
            exchange.violations = ()
        return self._other(scope, receive, send)

    def _is_own(self, scope: Scope) -> bool:
        path, method = scope["path"], scope["method"]
        if method == "OPTIONS":
            method = read_header(scope, "access-control-request-method") or method
        return is_page(path) or path.startswith(PREFIX) or self._find(method, path) is not None


class OneStore:
    """Learns from a backend's responses, and sets the payment collections of the carts in them."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inspected = _Inspected(scope, self._learner, send)
        await self._learner.backend(_inspectable(scope), receive, inspected.send)


class _Inspected:
    """A response on its way: JSON up to a limit is held back until it is complete."""

    def __init__(self, scope: Scope, learner: Learner, send: Send) -> None:
        self._scope = scope
        self._learner = learner
        self._send = send
        self._moment = learner.moment
        self._start: Message | None = None
        self._content = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._note(message["status"])
            # The server sets one for every response.
            headers = [each for each in message["headers"] if each[0].lower() != b"date"]
            message = {**message, "headers": headers}
            if _may_have_cart(self._scope, message):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._content += message.get("body", b"")
            is_whole = not message.get("more_body", False)
            if not is_whole and len(self._content) <= _MAX_INSPECTED:
                return
            start, self._start = self._start, None
            content = bytes(self._content)
            if is_whole:
                content = await self._finish(start, content)
            await self._send(start)
            message = {**message, "body": content}
        await self._send(message)

    async def _note(self, status: int) -> None:
        """Note what the status says: the key was accepted, or a cart may have been changed."""
        key = read_header(self._scope, KEY)
        if key and status in _OK and self._scope["path"].startswith(_STORE):
            await self._learner.learn_key(key)
        cart = _CART.match(self._scope["path"])
        if cart and self._scope["method"] not in _READS and status not in _REFUSED:
            self._learner.doubt_cart(cart[1])
            self._moment = self._learner.moment

    async def _finish(self, start: Message, content: bytes) -> bytes:
        """Return the body to send, and change the headers if it differs."""
        coding = Headers(raw=start["headers"]).get("content-encoding", "")
        text = decode(content, coding, _MAX_INSPECTED)
        changed = text and await self._consistent(text)
        if not changed:
            return content
        headers = MutableHeaders(raw=[*start["headers"]])
        for name in _CHANGED_HEADERS:
            del headers[name]
        headers["content-length"] = str(len(changed))
        start["headers"] = headers.raw
        return changed

    async def _consistent(self, content: bytes) -> bytes | None:
        """Return a response's JSON as it should be; None if it is so already."""
        document = _members(content)
        is_changed = False
        for name in _CART_KEYS:
            cart = _members(document.get(name, b""))
            id_ = _text(cart.get("id", b""))
            if id_ is None:
                continue
            await self._learner.learn_cart(document[name], self._moment)
            collection = await self._learner.storage.find_collection_of_cart(id_)
            if collection is None:
                is_stale = cart.pop(_COLLECTION, None) is not None
            else:
                is_stale = selects_collection(
                    QueryParams(self._scope["query_string"]).get("fields")
                )
                if is_stale:
                    cart[_COLLECTION] = Raw(jsontext.write(document_in_cart(collection)))
            if is_stale:
                document[name] = Raw(msgspec.json.encode(cart))
                is_changed = True
        return msgspec.json.encode(document) if is_changed else None


def _inspectable(scope: Scope) -> Scope:
    """Return the request without what would make the response unreadable."""
    # The backend's 304 would not know of the mock's payment collection.
    return accept_readable(accept_whole(scope) if _CART.match(scope["path"]) else scope)


def _may_have_cart(scope: Scope, start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        start["status"] in _OK
        and scope["method"] != "HEAD"
        and headers.get("content-type", "").startswith("application/json")
        and not start.get("trailers")
    )


def _members(content: Any) -> dict[str, Raw]:
    """Return the values of a JSON object, each as it stands; none of anything else."""
    try:
        members: dict[str, Raw] = msgspec.json.decode(content, type=dict[str, Raw])
    except (msgspec.DecodeError, RecursionError):
        return {}
    return members


def _text(content: Any) -> str | None:
    try:
        return msgspec.json.decode(content, type=str)
    except msgspec.DecodeError:
        return None


def selects_collection(fields: str | None) -> bool:
    """Return whether a cart has its payment collection with a request's `fields`.

    As in Medusa: a plain name among them replaces the defaults, which include it; others change the
    defaults, and only `-` removes it.
    """
    entries = [entry for entry in (fields or "").split(",") if entry]
    if fields is None:
        return True
    names = [entry.strip("+-* ").removesuffix(".*") for entry in entries]
    is_edit = entries and all(entry[0] in "+-* " or entry.endswith(".*") for entry in entries)
    if is_edit:
        return not any(
            entry[0] == "-" and name == _COLLECTION
            for entry, name in zip(entries, names, strict=True)
        )
    return any(name.partition(".")[0] == _COLLECTION for name in names)
