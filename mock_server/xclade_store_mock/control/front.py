"""The outermost middleware: routes requests, and records those to the Store API."""

import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.web.pages import is_page

if TYPE_CHECKING:
    from xclade_store_mock.control.faults import Fault

PREFIX = "/_mock/"

_READS = frozenset({"GET", "HEAD"})
_KEY = "xclade_store_mock.exchange"
_MAX_KEPT = 131_072  # bytes of a body: more than the mock accepts
_SEPARATOR = b"\0"  # which no header can contain

Headers = Iterable[tuple[bytes, bytes]]


class Body:
    """The beginning of a body, and the size of the whole."""

    __slots__ = ("content", "size")

    def __init__(self) -> None:
        self.content = b""
        self.size = 0

    def add(self, part: bytes) -> None:
        """Add the next part."""
        if self.size < _MAX_KEPT:
            self.content += part[: _MAX_KEPT - self.size]
        self.size += len(part)


class Exchange:
    """Passes a request and its response on, and keeps a copy of both.

    Headers are joined into one string, so that a thousand exchanges are a few thousand objects for
    the garbage collector, and not fifty thousand.
    """

    __slots__ = (
        "_head",
        "_receive",
        "_response_head",
        "_scope",
        "_send",
        "_started",
        "at",
        "fault",
        "is_broken",
        "is_received",
        "method",
        "milliseconds",
        "path",
        "query",
        "request",
        "response",
        "size",
        "status",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, at: datetime) -> None:
        self._receive = receive
        self._send = send
        self._started = time.perf_counter()
        self._scope = scope
        self._head = self._response_head = b""
        self.at = at
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.request = Body()
        self.is_received = False
        self.status: int | None = None
        self.response = Body()
        self.fault: Fault | None = None
        self.is_broken = False
        self.milliseconds = 0.0
        self.size = 0

    def marked_scope(self) -> Scope:
        """Return the request's scope, in which `exchange_of` finds the exchange."""
        return {**self._scope, _KEY: self}

    async def receive(self) -> Message:
        """Receive the next message of the request."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
            self.is_received = not message.get("more_body", False)
        return message

    def send(self, message: MutableMapping[str, Any]) -> Awaitable[None]:
        """Send the next message of the response."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._response_head = _join(message["headers"])
        else:
            self.response.add(message.get("body", b""))
        return self._send(message)

    def end(self) -> None:
        """Measure duration and size, and drop what need not be kept."""
        self.milliseconds = round((time.perf_counter() - self._started) * 1000, 3)
        self._head = _join(self._scope["headers"])
        self.size = (
            len(self._head)
            + len(self._response_head)
            + len(self.request.content)
            + len(self.response.content)
            + len(self.path)
            + len(self.query)
        )
        del self._scope, self._receive, self._send

    def scope(self) -> Scope:
        """Return those parts of the request's scope that are kept."""
        return {
            "method": self.method,
            "path": self.path,
            "query_string": self.query,
            "headers": _split(self._head),
        }

    def response_headers(self) -> Headers:
        """Return the headers of the response."""
        return _split(self._response_head)

    async def break_off(self) -> None:
        """Reset the connection if nothing was sent; otherwise close it after that.

        ASGI has no message for it, so this uses uvicorn's transport. Under another server the
        request fails with ConnectionAbortedError.
        """
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            message = "a planned fault breaks the connection, which works only under uvicorn"
            raise ConnectionAbortedError(message)
        if self.status is None:
            # Closing without lingering sends RST.
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
        transport.close()
        # Returning before uvicorn has noticed would log an error.
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _join(headers: Headers) -> bytes:
    return _SEPARATOR.join(chain.from_iterable(headers))


def _split(head: bytes) -> list[tuple[bytes, bytes]]:
    parts = head.split(_SEPARATOR)
    return [*zip(parts[::2], parts[1::2], strict=False)]


def exchange_of(scope: Scope) -> Exchange | None:
    """Return a request's exchange; None for pages and the control API."""
    found: Exchange | None = scope.get(_KEY)
    return found


class ControlFront:
    """Passes requests to the console, the control API, or the Store API; records the latter."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        control_app: ASGIApp,
        console: Mapping[str, ASGIApp],
        clock: Callable[[], datetime],
        record: Callable[[Exchange], None],
    ) -> None:
        self._app = app
        self._control_app = control_app
        self._console = console
        self._clock = clock
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        path = scope.get("path", "")
        if path in self._console and scope.get("method") in _READS:
            await self._console[path](scope, receive, send)
        elif scope["type"] != "http" or is_page(path):
            await self._app(scope, receive, send)
        elif path.startswith(PREFIX):
            await self._control_app(scope, receive, send)
        else:
            exchange = Exchange(scope, receive, send, self._clock())
            try:
                await self._app(exchange.marked_scope(), exchange.receive, exchange.send)
                if exchange.is_broken:
                    await exchange.break_off()
            finally:
                exchange.end()
                self._record(exchange)
