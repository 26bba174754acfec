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
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract
from xclade_store_mock.errors import Violation
from xclade_store_mock.web.pages import REQUEST_ID, Reference, with_request_id

if TYPE_CHECKING:
    from xclade_store_mock.control.faults import Fault

PREFIX = "/_mock/"

_DOCS = f"{PREFIX}docs"
_REFERENCE = Reference(_DOCS)

_READS = frozenset({"GET", "HEAD"})
_KEY = "xclade_store_mock.exchange"
_KEPT = ("method", "path", "query_string", "headers", REQUEST_ID)
_MAX_KEPT = 131_072  # bytes of a body: more than the mock accepts
_HEADER = 130  # bytes that a header takes beside its text, about

Headers = Sequence[tuple[bytes, bytes]]

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


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and its response: a copy, made while both pass.

    Of the scope, only the parts that describe the request are kept.
    """

    scope: Scope
    at: datetime
    request: Body = field(default_factory=Body)
    is_received: bool = False
    status: int | None = None
    headers: Headers = ()
    response: Body = field(default_factory=Body)
    fault: "Fault | None" = None
    violations: Sequence[Violation] | None = None
    """How both violate the contract, if that has been checked."""
    is_broken: bool = False
    milliseconds: float = 0.0

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        headers = [*self.scope["headers"], *self.headers]
        return (
            sum(map(len, chain.from_iterable(headers)))
            + _HEADER * len(headers)
            + len(self.scope["path"])
            + len(self.scope["query_string"])
            + len(self.request.content)
            + len(self.response.content)
        )

    async def receive(self, receive: Receive) -> Message:
        message = await receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
            self.is_received = not message.get("more_body", False)
        return message

    def send(self, send: Send, message: MutableMapping[str, Any]) -> Awaitable[None]:
        message = with_request_id(self.scope, message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = message["headers"]
        else:
            self.response.add(message.get("body", b""))
        return send(message)


async def _break_off(exchange: Exchange, receive: Receive, send: Send) -> None:
    """Reset the connection if nothing was sent; otherwise close it after that.

    ASGI has no message for it, so this uses uvicorn's transport. Under another server the request
    fails with ConnectionAbortedError.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
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
        exchange = Exchange({name: scope[name] for name in _KEPT}, self.clock())
        started = time.perf_counter()
        try:
            await self.app(
                {**scope, _KEY: exchange},
                partial(exchange.receive, receive),
                partial(exchange.send, send),
            )
            if exchange.is_broken:
                await _break_off(exchange, receive, send)
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
