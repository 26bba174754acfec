"""HTTP with limits, and an answer in one piece.

uvicorn takes any head, waits for a request for as long as it takes, and writes twice.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

    from xclade_store_mock.limits import Limits


class _OneWrite:
    """A transport that sends the head and the body of an answer with one call of the system."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send with what else is written before the loop goes on."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """Close behind what was written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts and not self._transport.is_closing():
            self._transport.write(b"".join(self._parts))
        self._parts.clear()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with limits.

    One timer looks after a connection, whatever number of requests comes by it.
    """

    def __init__(self, *arguments: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._received = 0
        self._is_in_head = False
        self._is_refused = False
        # None while no request is on its way; uvicorn then closes what has been idle for long.
        self._awaited_since: float | None = None
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take a connection, unless there are too many."""
        super().connection_made(cast("asyncio.Transport", _OneWrite(transport, self.loop)))
        if len(self.connections) > self._limits.connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._awaited_since = self.loop.time()
        self._look = self.loop.call_later(self._limits.seconds, self._look_at_request)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""
        if self._is_refused:
            return
        self._received += len(data)
        super().data_received(data)
        if self._is_in_head and self._received > self._limits.head:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_in_head = True
        self._awaited_since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer a request, unless its head is too large."""
        self._is_in_head = False
        if self._received > self._limits.head and self._head_size() > self._limits.head:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a request's body."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._received = 0
        self._awaited_since = None
        if not self._is_refused:
            super().on_message_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _look_at_request(self) -> None:
        """Refuse a request that takes too long; or look again when it would."""
        now = self.loop.time()
        remaining = (self._awaited_since or now) + self._limits.seconds - now
        if remaining > 0:
            self._look = self.loop.call_later(remaining, self._look_at_request)
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        self._is_refused = True
        body = f"{status.phrase}\n"
        self.transport.write(
            f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        self.transport.close()
