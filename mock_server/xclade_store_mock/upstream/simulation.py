"""The mock in front of a backend: it simulates the contract's operations, the backend all others.

A storefront sees one consistent store: a cart that the backend returns has the payment collection
that the mock has for it.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import Raw
from starlette.datastructures import MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Match
from xclade_store_mock.control.front import PREFIX, exchange_of
from xclade_store_mock.payments.documents import document_in_cart, parse_name
from xclade_store_mock.upstream import KEY, OK, READS
from xclade_store_mock.upstream.learning import Learner
from xclade_store_mock.upstream.messages import (
    MAX_HELD,
    Held,
    accept_readable,
    accept_whole,
    has_json,
)
from xclade_store_mock.web import read_header
from xclade_store_mock.web.bodies import decode
from xclade_store_mock.web.pages import is_page

_STORE = "/store/"
_CART = re.compile("/store/carts/([^/]+)")
# Where responses have carts: in DELETE …/line-items/{id} it is the parent.
_CART_KEYS = ("cart", "parent")
_COLLECTION = "payment_collection"

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
        finish = partial(self._finish, scope, self._learner.moment)
        response = Held(send, partial(has_json, scope["method"]), finish)
        try:
            await self._learner.backend(_inspectable(scope), receive, response.send)
        finally:
            if not response.is_finished:
                # Broken off, too late or none at all: the backend may have done it all the same.
                await self._doubt(scope)

    async def _finish(
        self, scope: Scope, moment: int, start: Message, content: bytes | None
    ) -> bytes | None:
        """Learn from a response; return its body as it should be, or None if it is so already."""
        headers = MutableHeaders(raw=[*start["headers"]])
        del headers["date"]  # the server sets one for every response
        changed_at = await self._note(scope, start["status"])
        if changed_at is not None:
            moment = changed_at
        text = content and decode(content, headers.get("content-encoding", ""), MAX_HELD)
        changed = await self._consistent(scope, moment, text) if text else None
        if changed is not None:
            for name in _CHANGED_HEADERS:
                del headers[name]
            headers["content-length"] = str(len(changed))
        start["headers"] = headers.raw
        return changed

    async def _note(self, scope: Scope, status: int) -> int | None:
        """Note that the key was accepted; return when a cart may have been changed, or None."""
        key = read_header(scope, KEY)
        if key and status in OK and scope["path"].startswith(_STORE):
            await self._learner.learn_key(key)
        return None if status in _REFUSED else await self._doubt(scope)

    async def _doubt(self, scope: Scope) -> int | None:
        """Doubt the cart that a request may have changed; return when, or None without one."""
        cart = _CART.match(scope["path"])
        if not cart or scope["method"] in READS:
            return None
        return await self._learner.doubt_cart(cart[1])

    async def _consistent(self, scope: Scope, moment: int, content: bytes) -> bytes | None:
        document = _members(content)
        is_changed = False
        for name in _CART_KEYS:
            cart = _members(document.get(name, b""))
            id_ = _text(cart.get("id", b""))
            if id_ is None:
                continue
            await self._learner.learn_cart(document[name], moment)
            collection = await self._learner.storage.find_collection_of_cart(id_)
            if collection is None:
                is_stale = cart.pop(_COLLECTION, None) is not None
            else:
                is_stale = selects_collection(QueryParams(scope["query_string"]).get("fields"))
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

    It is one of the defaults. Which of its own fields are named does not matter.
    """
    if fields is None:
        return True
    entries = [each for each in fields.split(",") if each.strip()]
    if any(each.strip() == f"-{_COLLECTION}" for each in entries):
        return False
    has_plain = any(each[0] not in "+-* " and not each.rstrip().endswith(".*") for each in entries)
    if entries and not has_plain:
        return True
    selected = [parse_name(each) for each in entries if not each.lstrip().startswith("-")]
    return any(name.removeprefix("*").partition(".")[0] == _COLLECTION for name in selected)
