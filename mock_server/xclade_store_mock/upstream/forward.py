"""Forward requests to a real store and stream its responses back, otherwise unchanged.

Redirects are passed on and never followed, so only the upstream's own origin is ever called.
"""

import asyncio
import logging
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from xclade_store_mock.control.front import exchange_of
from xclade_store_mock.errors import NotForwarded, UpstreamTimeout, UpstreamUnreachable
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.connection import Connection, ResponseInvalid
from xclade_store_mock.upstream.messages import request_headers, response_headers
from xclade_store_mock.web import REASON, read_header

_log = logging.getLogger("xclade_store_mock")

_MAX_IDLE = 100  # connections that are kept for later requests
_KEEP_ALIVE = 4.0  # seconds; Node closes after 5, perhaps just when the next request comes
_HTTP_2 = "h2c"
_NOT_IN_TARGET = re.compile(rb"[^!-~]")

# The first kind that an error is of counts.
_CAUSES: Mapping[type[Exception], str] = {
    ConnectionRefusedError: "the connection was refused",
    socket.gaierror: "the host name cannot be resolved",
    ssl.SSLError: "TLS failed: {}",
    ConnectionResetError: "the connection was reset",
    ResponseInvalid: "no valid HTTP response: {}",
}


class _Upload:
    """A request's body, as it arrives."""

    def __init__(self, receive: Receive, *, is_empty: bool) -> None:
        self._receive = receive
        self._received = asyncio.Event()
        if is_empty:
            self._received.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the parts; raise ClientDisconnected."""
        has_more = not self._received.is_set()
        while has_more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _ClientDisconnected
            if message.get("body"):
                yield message["body"]
            has_more = message.get("more_body", False)
        self._received.set()

    async def watch(self, connection: Connection) -> None:
        """Abort a connection as soon as the client disconnects, after its request."""
        await self._received.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        connection.abort(_ClientDisconnected())


class _ClientDisconnected(Exception):
    """The client has disconnected before its request was complete."""


class Forward:
    """An ASGI application that is the upstream's stand-in.

    `timeout` is in seconds. It raises UpstreamUnreachable or UpstreamTimeout if no response starts;
    if one breaks off, so does ours.
    """

    def __init__(
        self, upstream: Upstream, *, timeout: float = 30.0, verify: ssl.SSLContext | bool = True
    ) -> None:
        self.upstream = upstream
        self._timeout = timeout
        scheme, host, port = upstream.origin
        self._address = host, port
        self._context = httpx.create_ssl_context(verify=verify) if scheme == "https" else None
        self._idle: list[Connection] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request, until its response has ended or its client has disconnected."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        _require_forwardable(scope)
        names = {name for name, _ in scope["headers"]}
        is_empty = names.isdisjoint({b"content-length", b"transfer-encoding"})
        await self._forward(scope, _Upload(receive, is_empty=is_empty), send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        for phase in ("startup", "shutdown"):
            await receive()
            if phase == "shutdown":
                await self.aclose()
            await send({"type": f"lifespan.{phase}.complete"})

    def reset(self) -> None:
        """Do nothing: a real store is not reset."""

    async def aclose(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    async def _forward(self, scope: Scope, upload: _Upload, send: Send) -> None:
        has_started = False
        try:
            connection = self._reuse() or await self._connect()
            watching = asyncio.create_task(upload.watch(connection))
            try:
                headers = [*request_headers(scope, self.upstream)]
                await connection.request(scope["method"], self._target(scope), headers, upload)
                has_started = True
                await send(self._start(scope, connection))
                async for part in connection.parts():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            finally:
                watching.cancel()
                self._release(connection)
        except _ClientDisconnected:
            return
        except (OSError, ResponseInvalid) as error:
            failure = self._failure(error)
            _log.error("%s %s: %s", scope["method"], scope["path"], failure)
            exchange = exchange_of(scope)
            if not has_started or exchange is None:
                raise failure from error
            exchange.is_broken = True
            return
        await send({"type": "http.response.body"})

    async def _connect(self) -> Connection:
        return await Connection.open(*self._address, self._context, self._timeout)

    def _reuse(self) -> Connection | None:
        """Return the connection that became idle last, if it still is."""
        oldest = time.monotonic() - _KEEP_ALIVE
        while self._idle:
            connection = self._idle.pop()
            if connection.is_idle and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    def _release(self, connection: Connection) -> None:
        if connection.is_idle and len(self._idle) < _MAX_IDLE:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()

    def _target(self, scope: Scope) -> bytes:
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        target = self.upstream.prefix + scope["raw_path"] + query
        # All else is sent as it is.
        return _NOT_IN_TARGET.sub(lambda found: b"%%%02X" % found[0][0], target)

    def _start(self, scope: Scope, response: Connection) -> dict[str, Any]:
        status = response.status
        headers = response_headers(scope, self.upstream, status, response.headers)
        set_reason = scope.get("extensions", {}).get(REASON)
        if set_reason is not None:
            set_reason(response.reason)
        return {"type": "http.response.start", "status": status, "headers": [*headers]}

    def _failure(self, error: Exception) -> UpstreamUnreachable:
        if isinstance(error, TimeoutError):
            limit = f"{self._timeout:g} s"
            return UpstreamTimeout(f"The upstream {self.upstream} did not respond within {limit}.")
        words = next((words for kind, words in _CAUSES.items() if isinstance(error, kind)), "{}")
        reason = words.format(str(error).rstrip(".") or type(error).__name__)
        return UpstreamUnreachable(f"The upstream {self.upstream} failed: {reason}.")


def _require_forwardable(scope: Scope) -> None:
    """Raise NotForwarded for what would need more than a request and its response."""
    options = (read_header(scope, "connection") or "").lower()
    upgrade = read_header(scope, "upgrade") or _HTTP_2
    # Java's client offers HTTP/2 with each request, and need not get it.
    if upgrade.lower() != _HTTP_2 and "upgrade" in re.split(r"[,\s]++", options):
        raise NotForwarded(f"upgrades of the connection, here to {upgrade}")
    coding = read_header(scope, "transfer-encoding")
    if coding is not None and coding.lower() != "chunked":
        raise NotForwarded(f"the transfer coding {coding}")
