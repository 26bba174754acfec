"""HTTP with limits, and with responses that are sent in one piece.

uvicorn itself accepts a head of any size, waits for a request without end, makes two system calls
for a response, and starts a timer after each.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from xclade_store_mock.web import REASON
from xclade_store_mock.web.pages import REQUEST_ID, current_request_id, new_request_id

if TYPE_CHECKING:
    import asyncio

    from xclade_store_mock.serving import Limits

_log = logging.getLogger("xclade_store_mock")

_PART = 4_096
"""Bytes that are parsed at once; the requests that they contain are all that can wait in line."""

_FRAMING = {b"content-length", b"transfer-encoding"}


class _Flow(FlowControl):
    """Flow control that does not resume reading while it is held."""

    is_held = False

    def resume_reading(self) -> None:
        if self.read_paused and not self.is_held:
            super().resume_reading()


class _OneWrite:
    """A transport that sends the head and the body of a response with one system call."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._reason: bytes | None = None
        # Called several times in each request.
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def set_reason(self, phrase: bytes) -> None:
        """Set the reason phrase of the status line that is written next."""
        self._reason = phrase

    def write(self, data: bytes) -> None:
        """Send the data, together with what else is written in this iteration of the loop."""
        if self._reason is not None:
            line, rest = data.split(b"\r\n", 1)
            version, status, _ = line.split(b" ", 2)
            data = b"%b %b %b\r\n%b" % (version, status, self._reason, rest)
            self._reason = None
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts and not self.is_closing():
            self._transport.write(b"".join(self._parts))
        self._parts.clear()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with limits.

    A connection has a single timer, however many requests it carries. It fires at intervals, and
    when a timeout is due.
    """

    def __init__(self, *arguments: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        # A view: slices of it copy nothing.
        self._unparsed = memoryview(b"")
        # Bytes since the request began or, if that was later, since the last part of its body.
        self._received = 0
        self._is_refused = False
        self._is_resuming = False
        # When a request began to arrive, or the last part of its body did, and when the last
        # response was sent; else None.
        self._arriving_since: float | None = None
        self._idle_since: float | None = None
        self._interval = min(limits.seconds, self.timeout_keep_alive)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Accept a connection, unless there are too many."""
        one_write = _OneWrite(transport, self.loop)
        self._extensions = {REASON: one_write.set_reason}
        super().connection_made(cast("asyncio.Transport", one_write))
        self._held = self.flow = _Flow(self.transport)
        if len(self.connections) > self._limits.connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._arriving_since = self.loop.time()
        self._timer = self.loop.call_later(self._interval, self._check_timeouts)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, or keep it until its turn."""
        self._unparsed = memoryview(b"".join((self._unparsed, data)))
        self._parse()

    def on_response_complete(self) -> None:
        """Continue with the requests that have already arrived.

        uvicorn does the same, but also starts a timer, which the next request usually cancels.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._idle_since = self.loop.time()
        if self._unparsed or self._held.is_held:
            self._parse()

    def _parse(self) -> None:
        """Parse what has arrived, until a request has to wait for an earlier one."""
        while self._unparsed and not self.pipeline and not self._is_over:
            part, self._unparsed = self._unparsed[:_PART], self._unparsed[_PART:]
            self._received += len(part)
            self._feed(bytes(part))
            if self._received > self._limits.head and not self._is_over:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if self._is_over or not self._unparsed:
            # An empty view would keep what has been parsed.
            self._unparsed = memoryview(b"")
        if self._is_over:
            return
        if self._unparsed or self.pipeline:
            self._held.is_held = True
            self._held.pause_reading()
        elif self._held.is_held:
            self._held.is_held = False
            self._held.resume_reading()

    def _feed(self, data: bytes) -> None:
        """Parse data, ignoring each offer to upgrade the connection, such as Java's to HTTP/2."""
        try:
            while data and not self._is_over:
                data = self._feed_until_upgrade(data)
        except httptools.HttpParserError:
            self._refuse_invalid()

    def _feed_until_upgrade(self, data: bytes) -> bytes:
        """Parse data; return what follows the head of a request that offers an upgrade."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self._is_over:
                self._resume()
            return data[upgrade.args[0] :]
        return b""

    def _resume(self) -> None:
        """Parse the body of a request that offers an upgrade, where its own parser stops."""
        scope = self.scope
        framing = [b"%b: %b\r\n" % header for header in scope["headers"] if header[0] in _FRAMING]
        self.parser = httptools.HttpRequestParser(self)
        self._is_resuming = True
        try:
            self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(framing))
        finally:
            self._is_resuming = False
            self.scope = scope

    @property
    def _is_over(self) -> bool:
        return self._is_refused or self.transport.is_closing()

    def on_message_begin(self) -> None:
        self._arriving_since = self.loop.time()
        self._idle_since = None
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Start to handle a request, unless its head is too large."""
        if self._is_refused or self._is_resuming:
            return
        if self._received > self._limits.head and self._head_bytes() > self._limits.head:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        self._received = 0
        self.scope["extensions"] = self._extensions  # type: ignore[typeddict-item] # our own
        super().on_headers_complete()
        # Trailers, which follow the body, are not headers of the request.
        self.headers = []

    def on_body(self, body: bytes) -> None:
        self._received = 0
        self._arriving_since = self.loop.time()
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # its body follows
        self._received = 0
        self._arriving_since = None
        if not self._is_refused:
            super().on_message_complete()

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _check_timeouts(self) -> None:
        """Refuse a request that does not arrive; close a connection that has been idle too long."""
        now = self.loop.time()
        remaining = self._interval
        if self._arriving_since is not None:
            if self.flow.read_paused:  # the server itself reads no further
                self._arriving_since = now
            remaining = self._arriving_since + self._limits.seconds - now
        elif self._idle_since is not None:
            remaining = self._idle_since + self.timeout_keep_alive - now
        if remaining > 0:
            self._timer = self.loop.call_later(min(remaining, self._interval), self._check_timeouts)
        elif self._arriving_since is not None:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        id_ = self._respond(status, f"{status.phrase}\n")
        if self.access_log:
            token = current_request_id.set(id_)
            _log.info("Refused a connection: %d %s", status, status.phrase)
            current_request_id.reset(token)

    def _refuse_invalid(self) -> None:
        text = "Invalid HTTP request received."
        token = current_request_id.set(self._respond(HTTPStatus.BAD_REQUEST, text))
        _log.warning(text)
        current_request_id.reset(token)

    def _respond(self, status: HTTPStatus, body: str) -> str:
        """Send a response in place of the application's, and close; return the request's id."""
        self._is_refused = True
        # The application has set it if the head of the arriving request is complete.
        scope: Any = self.scope if self._arriving_since is not None else None
        id_: str = (scope or {}).get(REQUEST_ID) or new_request_id()
        self.transport.write(
            f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nx-request-id: {id_}\r\nConnection: close\r\n\r\n"
            f"{body}".encode()
        )
        self.transport.close()
        return id_
