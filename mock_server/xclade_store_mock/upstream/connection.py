"""A connection to a store: HTTP/1.1 over asyncio, with the server's parser, in C.

Bodies stream in both directions, and none is read faster than the other side takes it. The layers
of a client library took more time for a request than all the rest of the proxy.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator
from socket import SOCK_STREAM
from typing import Self, cast

import httptools

from xclade_store_mock.web import Headers

_MAX_HEAD = 131_072  # bytes
_MOST_WAITING = 65_536  # bytes of a response that the client has not taken yet
_INTERIM = {100, *range(102, 200)}
_STATUSES = range(200, 600)
_LENGTHS = {b"content-length", b"transfer-encoding"}
_FAILURES = (httptools.HttpParserError, httptools.HttpParserUpgrade)


class ResponseInvalid(Exception):
    """What the upstream sent is not an HTTP response that can be forwarded; the text says why."""


class Connection(asyncio.Protocol):
    """Carries one request at a time.

    What waits for the upstream raises OSError (TimeoutError after `timeout` seconds without
    progress), ResponseInvalid, or what the connection was aborted with.
    """

    def __init__(self, timeout: float) -> None:
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.idle_since = 0.0
        self._timeout = timeout
        self._changed = asyncio.Event()
        self._error: Exception | None = None
        self._is_writable = True
        # Before the first request, no response is expected.
        self._is_sent = self._is_whole = self._is_reusable = True

    @classmethod
    async def open(
        cls, host: str, port: int, context: ssl.SSLContext | None, seconds: float
    ) -> Self:
        """Connect to the first address of a host that accepts it, within some seconds."""
        loop = asyncio.get_running_loop()
        name = host if context else None
        failure = OSError("the host has no address")
        async with asyncio.timeout(seconds):
            for *_, address in await loop.getaddrinfo(host.encode(), port, type=SOCK_STREAM):
                try:
                    _, connection = await loop.create_connection(
                        lambda: cls(seconds), *address[:2], ssl=context, server_hostname=name
                    )
                except OSError as error:
                    failure = error
                else:
                    return connection
        raise failure

    @property
    def is_idle(self) -> bool:
        """Whether it can carry another request."""
        return self._is_sent and self._is_whole and self._is_reusable and self._error is None

    @property
    def _is_over(self) -> bool:
        return self._is_whole or self._error is not None

    def close(self) -> None:
        """Disconnect."""
        self._transport.abort()

    def abort(self, error: Exception) -> None:
        """Disconnect at once, and raise an error where something waits."""
        self._error = self._error or error
        self._transport.abort()
        self._changed.set()

    async def request(
        self, method: str, target: bytes, headers: Headers, body: AsyncIterable[bytes]
    ) -> None:
        """Send a request and wait for the head of its response."""
        self._parser = httptools.HttpResponseParser(self)
        # Of two framings of a response, the chunks count, and only they are passed on.
        self._parser.set_dangerous_leniencies(lenient_chunked_length=True)
        self._has_body = method != "HEAD"
        self._has_head = self._is_whole = self._is_sent = False
        self._received = 0
        self._parts: list[bytes] = []
        lines = (b"%b: %b\r\n" % header for header in headers)
        self._transport.write(
            b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), target, b"".join(lines))
        )
        await self._upload(body, is_chunked=(b"transfer-encoding", b"chunked") in headers)
        while not self._has_head:
            await self._wait(self._timeout)

    async def _upload(self, body: AsyncIterable[bytes], *, is_chunked: bool) -> None:
        async for part in body:
            # An upstream that responds early may read no further.
            if self._is_over:
                return
            self._transport.write(b"%x\r\n%b\r\n" % (len(part), part) if is_chunked else part)
            while not (self._is_writable or self._is_over):
                await self._wait(self._timeout)
        if is_chunked:
            self._transport.write(b"0\r\n\r\n")
        self._is_sent = True

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the response's body; a stream of events may pause for as long as it likes."""
        is_stream = any(
            name.lower() == b"content-type" and value.startswith(b"text/event-stream")
            for name, value in self.headers
        )
        while self._parts or not self._is_whole:
            if not self._parts:
                await self._wait(None if is_stream else self._timeout)
                continue
            part = b"".join(self._parts)
            self._parts.clear()
            self._transport.resume_reading()
            yield part

    async def _wait(self, seconds: float | None) -> None:
        """Wait until anything has changed."""
        if self._error is not None:
            raise self._error
        self._changed.clear()
        async with asyncio.timeout(seconds):
            await self._changed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the response, or raise an error where something waits for the rest of it."""
        if not self._is_whole and exc is None and self._has_head and self._ends_with_connection:
            self.on_message_complete()
        self.abort(
            exc or ConnectionError("the connection was closed before the end of the response")
        )

    def pause_writing(self) -> None:
        """Wait with the rest of the request."""
        self._is_writable = False

    def resume_writing(self) -> None:
        """Go on with the request."""
        self._is_writable = True
        self._changed.set()

    def data_received(self, data: bytes) -> None:
        """Parse a part of the response."""
        try:
            self._parse(data)
        except (ResponseInvalid, *_FAILURES) as error:
            # The parser wraps what its callbacks raise.
            own = error.__context__ if isinstance(error.__context__, ResponseInvalid) else error
            self.abort(ResponseInvalid(str(own)))
        if sum(map(len, self._parts)) > _MOST_WAITING:
            self._transport.pause_reading()

    def _parse(self, data: bytes) -> None:
        if self._is_whole:
            raise ResponseInvalid("more than one response")
        self._parser.feed_data(data)
        self._received += len(data)
        if not self._has_head and self._received > _MAX_HEAD:
            raise ResponseInvalid(f"a head of more than {_MAX_HEAD} bytes")

    def on_message_begin(self) -> None:
        """Start a response: the only one, or another one after an interim one."""
        if self._is_whole:
            raise ResponseInvalid("more than one response")
        self.reason = b""
        self.headers = []

    def on_status(self, reason: bytes) -> None:
        """Take the reason phrase."""
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers, which follow the body, are dropped."""
        if not self._has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Complete the head, unless the response is an interim one."""
        self.status = self._parser.get_status_code()
        if self.status in _INTERIM:
            return
        if self.status not in _STATUSES:
            raise ResponseInvalid(f"status {self.status}")
        framing = {name.lower(): value.lower() for name, value in self.headers}
        coding = framing.get(b"transfer-encoding", b"chunked")
        if coding != b"chunked":
            raise ResponseInvalid(f"the transfer coding {coding.decode('latin-1')}")
        self._ends_with_connection = framing.keys().isdisjoint(_LENGTHS)
        self._has_head = True
        self._changed.set()
        if not self._has_body:
            self.on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body until the client takes it."""
        if self._is_whole:
            raise ResponseInvalid("a body after the response's end")
        self._parts.append(body)
        self._changed.set()

    def on_message_complete(self) -> None:
        """Complete the response, unless it is an interim one."""
        if self._has_head and not self._is_whole:
            self._is_reusable = self._parser.should_keep_alive()
            self._is_whole = True
            self._changed.set()
