"""The outermost middleware: routes requests, and records those to the Store API."""

import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.web.routing import is_page

if TYPE_CHECKING:
    from xclade_store_mock.control.faults import Fault

_KEY = "xclade_store_mock.exchange"
_MOST_KEPT = 131_072  # bytes; all of a body that the mock takes
_BETWEEN = b"\0"  # which neither a header's name nor its value may have

Headers = Iterable[tuple[bytes, bytes]]


class Body:
    """A body's beginning, and how large all of it was."""

    __slots__ = ("content", "size")

    def __init__(self) -> None:
        self.content = b""
        self.size = 0

    def add(self, part: bytes) -> None:
        """Take in the next part of the body."""
        if self.size < _MOST_KEPT:
            self.content += part[: _MOST_KEPT - self.size]
        self.size += len(part)


class Exchange:
    """Passes a request and its answer on, and keeps what they say.

    Heads are kept in one piece each: a thousand exchanges are of some thousand objects then, and
    not of fifty thousand.
    """

    __slots__ = (
        "_answer_head",
        "_head",
        "_receive",
        "_scope",
        "_send",
        "_started",
        "answer",
        "at",
        "fault",
        "is_broken",
        "is_received",
        "method",
        "milliseconds",
        "path",
        "query",
        "request",
        "size",
        "status",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, at: datetime) -> None:
        self._receive = receive
        self._send = send
        self._started = time.perf_counter()
        self._scope = scope
        self._head = self._answer_head = b""
        self.at = at
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.request = Body()
        self.is_received = False
        self.status: int | None = None
        self.answer = Body()
        self.fault: Fault | None = None
        self.is_broken = False
        self.milliseconds = 0.0
        self.size = 0

    def marked_scope(self) -> Scope:
        """Answer the request's scope, by which the exchange can be found again."""
        return {**self._scope, _KEY: self}

    async def receive(self) -> Message:
        """Receive for whoever answers the request."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
            self.is_received = not message.get("more_body", False)
        return message

    def send(self, message: MutableMapping[str, Any]) -> Awaitable[None]:
        """Send for whoever answers the request."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._answer_head = _join(message["headers"])
        else:
            self.answer.add(message.get("body", b""))
        return self._send(message)

    def end(self) -> None:
        """Tell how long it took, let go of all that is not to be kept, and count about the rest."""
        self.milliseconds = round((time.perf_counter() - self._started) * 1000, 3)
        self._head = _join(self._scope["headers"])
        self.size = (
            len(self._head)
            + len(self._answer_head)
            + len(self.request.content)
            + len(self.answer.content)
            + len(self.path)
            + len(self.query)
        )
        del self._scope, self._receive, self._send

    def scope(self) -> Scope:
        """Answer as much of the request's scope as tells what it was."""
        return {
            "method": self.method,
            "path": self.path,
            "query_string": self.query,
            "headers": _split(self._head),
        }

    def answer_headers(self) -> Headers:
        """Answer the headers that were sent."""
        return _split(self._answer_head)

    async def break_off(self) -> None:
        """Reset the connection if nothing was sent, or else close it behind that.

        ASGI has no word for it, so this takes uvicorn's transport; under another server the
        request fails with ConnectionAbortedError, and what that server makes of it.
        """
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            message = "a planned fault breaks the connection, which needs uvicorn"
            raise ConnectionAbortedError(message)
        if self.status is None:
            # Without lingering, closing means RST.
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
        transport.close()
        # Whoever returns without an answer before uvicorn knows that is told off in its log.
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _join(headers: Headers) -> bytes:
    return _BETWEEN.join(chain.from_iterable(headers))


def _split(head: bytes) -> list[tuple[bytes, bytes]]:
    parts = head.split(_BETWEEN)
    return [*zip(parts[::2], parts[1::2], strict=False)]


def exchange_of(scope: Scope) -> Exchange | None:
    """Find the exchange that a request belongs to; pages and the control API have none."""
    found: Exchange | None = scope.get(_KEY)
    return found


PREFIX = "/_mock/"
_READS = frozenset({"GET", "HEAD"})


class ControlFront:
    """Leads requests to the control API and the console there, and notes those to the Store API."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        control_app: ASGIApp,
        console: Mapping[str, ASGIApp],
        clock: Callable[[], datetime],
        note: Callable[[Exchange], None],
    ) -> None:
        self._app = app
        self._control_app = control_app
        self._console = console
        self._clock = clock
        self._note = note

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
                self._note(exchange)
