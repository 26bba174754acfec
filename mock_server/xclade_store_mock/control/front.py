"""Serves the console and the control API's pages, and records requests to the Store API."""

import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract
from xclade_store_mock.errors import Violation
from xclade_store_mock.web import Headers
from xclade_store_mock.web.pages import REQUEST_ID, Reference, with_request_id

if TYPE_CHECKING:
    from xclade_store_mock.control.faults import Fault

PREFIX = "/_mock/"

_DOCS = f"{PREFIX}docs"
_REFERENCE = Reference(_DOCS)

_READS = frozenset({"GET", "HEAD"})
_KEY = "xclade_store_mock.exchange"
_MAX_KEPT = 131_072  # bytes of a body: more than the mock accepts

_CONSOLE = Path(__file__).with_name("console")
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_PAGE_HEADERS = {
    # Everything comes from the mock itself, and nothing that is shown can become HTML or a script.
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src 'self';"
    " script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(slots=True)
class Body:
    """The beginning of a body, and the size of the whole."""

    content: bytes = b""
    size: int = 0

    def add(self, part: bytes) -> None:
        if self.size < _MAX_KEPT:
            self.content += part[: _MAX_KEPT - self.size]
        self.size += len(part)


def _pack(headers: Headers) -> bytes:
    """Return headers as one object: many small ones, kept for a while, slow every request down."""
    return b"\n".join(chain.from_iterable(headers))


def _unpack(packed: bytes) -> Headers:
    texts = packed.split(b"\n") if packed else ()
    return [*zip(texts[::2], texts[1::2], strict=True)]


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and its response: a copy, made while both pass."""

    method: str
    path: str
    query_string: bytes
    request_headers: bytes
    request_id: str
    at: datetime
    request: Body = field(default_factory=Body)
    is_received: bool = False
    status: int | None = None
    response_headers: bytes = b""
    response: Body = field(default_factory=Body)
    fault: "Fault | None" = None
    violations: Sequence[Violation] | None = None
    """How both violate the contract, if that has been checked."""
    is_broken: bool = False
    milliseconds: float = 0.0

    @classmethod
    def begin(cls, scope: Scope, at: datetime) -> Self:
        """Return the exchange that a request begins."""
        headers, id_ = _pack(scope["headers"]), scope[REQUEST_ID]
        return cls(scope["method"], scope["path"], scope["query_string"], headers, id_, at)

    @property
    def scope(self) -> Scope:
        """The parts of the scope that describe the request."""
        return {
            "method": self.method,
            "path": self.path,
            "query_string": self.query_string,
            "headers": _unpack(self.request_headers),
            REQUEST_ID: self.request_id,
        }

    @property
    def headers(self) -> Headers:
        """The response's headers as they were sent; none if it was not."""
        if self.status is None:
            return ()
        return with_request_id(self.scope, _unpack(self.response_headers))

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return (
            len(self.path)
            + len(self.query_string)
            + len(self.request_headers)
            + len(self.request.content)
            + len(self.response_headers)
            + len(self.response.content)
        )

    async def receive(self, receive: Receive) -> Message:
        message = await receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
            self.is_received = not message.get("more_body", False)
        return message

    def send(self, send: Send, message: MutableMapping[str, Any]) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.response_headers = _pack(message["headers"])
        else:
            self.response.add(message.get("body", b""))
        return send(message)


async def _break_off(exchange: Exchange, receive: Receive) -> None:
    """Reset the connection if nothing was sent; otherwise close it after that.

    ASGI has no message for it, so this uses uvicorn's transport. Under another server the request
    fails with ConnectionAbortedError.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        message = "a planned fault breaks the connection, which works only under uvicorn"
        raise ConnectionAbortedError(message)
    if exchange.status is None:
        # Closing without lingering sends RST.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.close()
    # Returning before uvicorn has noticed would log an error.
    while (await receive())["type"] != "http.disconnect":
        pass


def exchange_of(scope: Scope) -> Exchange | None:
    """Return a request's exchange; None for pages and the control API."""
    found: Exchange | None = scope.get(_KEY)
    return found


@dataclass(frozen=True)
class ControlFront:
    """Passes requests to the console, the control API, or the Store API; records the latter."""

    app: ASGIApp
    control_app: ASGIApp
    console: Mapping[str, ASGIApp]
    is_page: Callable[[str], bool]
    clock: Callable[[], datetime]
    record: Callable[[Exchange], None]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        path = scope.get("path", "")
        if path in self.console and scope.get("method") in _READS:
            return self.console[path](scope, receive, send)
        if scope["type"] != "http" or self.is_page(path):
            return self.app(scope, receive, send)
        if path.startswith(PREFIX):
            return self.control_app(scope, receive, send)
        return self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.begin(scope, self.clock())
        scope[_KEY] = exchange
        started = time.perf_counter()
        try:
            await self.app(scope, partial(exchange.receive, receive), partial(exchange.send, send))
            if exchange.is_broken:
                await _break_off(exchange, receive)
        finally:
            exchange.milliseconds = round((time.perf_counter() - started) * 1000, 3)
            self.record(exchange)


def console_pages() -> Mapping[str, Response]:
    """Return the page and its parts, by path."""
    files = [file for file in _CONSOLE.iterdir() if file.suffix in _MEDIA_TYPES]
    return {
        "/" if file.name == "index.html" else f"/console/{file.name}": Response(
            file.read_bytes(), media_type=_MEDIA_TYPES[file.suffix], headers=_PAGE_HEADERS
        )
        for file in files
    }


@dataclass(frozen=True)
class ControlPages:
    """Serves the pages, which need no token; passes other requests on."""

    app: ASGIApp
    contract: Contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, app = scope["path"], self.app
        if scope["method"] in _READS:
            root = scope.get("root_path", "")
            if path == PREFIX:
                app = PlainTextResponse(self._list(root))
            elif path == f"{PREFIX}openapi.yaml":
                text = self.contract.text.replace("url: /_mock", f"url: {root}/_mock", 1)
                app = Response(text, media_type="application/yaml")
            elif path == f"{PREFIX}openapi.json":
                document = {**self.contract.document, "servers": [{"url": f"{root}/_mock"}]}
                app = Response(jsontext.write(document), media_type="application/json")
            elif path == _DOCS or path.startswith(f"{_DOCS}/"):
                app = _REFERENCE
        await app(scope, receive, send)

    def _list(self, root: str) -> str:
        paths = self.contract.document["paths"]
        lines = [
            f"{method.upper():6} {root}{PREFIX}{path[1:]}  {operation['summary']}\n"
            for path, item in paths.items()
            for method, operation in item.items()
        ]
        return f"The control API. Its reference is at {root}{_DOCS}/\n\n{''.join(lines)}"
