"""Forward requests to a real store and stream its responses back, otherwise unchanged.

Redirects are passed on and never followed, so only the upstream's own origin is ever called.
"""

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpcore
import httpx
from starlette.types import Receive, Scope, Send

from xclade_store_mock.control.front import exchange_of
from xclade_store_mock.errors import NotForwarded, UpstreamTimeout, UpstreamUnreachable
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.headers import request_headers, response_headers
from xclade_store_mock.web import REASON, read_header

_log = logging.getLogger("xclade_store_mock")

_MAX_IDLE = 100  # connections that are kept for later requests
_KEEP_ALIVE = 4.0  # seconds; Node closes after 5, perhaps just when the next request comes
_STATUSES = range(200, 600)
_NOT_IN_TARGET = re.compile(rb"[^!-~]")

_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)

# The first kind that is among an error's causes counts.
_CAUSES: Mapping[type[Exception], str] = {
    ConnectionRefusedError: "the connection was refused",
    socket.gaierror: "the host name cannot be resolved",
    ssl.SSLError: "TLS failed: {}",
    ConnectionResetError: "the connection was reset",
    httpcore.RemoteProtocolError: "no valid HTTP response: {}",
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

    async def disconnect(self) -> None:
        """Wait until the client disconnects, after its request."""
        await self._received.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


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
        self._origin = scheme.encode(), host.encode(), port
        self._context = httpx.create_ssl_context(verify=verify) if scheme == "https" else None
        self._idle: list[httpcore.AsyncHTTPConnection] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request, until its response has ended or its client has disconnected."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        _require_forwardable(scope)
        names = {name for name, _ in scope["headers"]}
        is_empty = names.isdisjoint({b"content-length", b"transfer-encoding"})
        upload = _Upload(receive, is_empty=is_empty)
        with anyio.CancelScope() as forwarding:
            watching = asyncio.create_task(_cancel_after(upload.disconnect, forwarding))
            try:
                await self._forward(scope, upload, send)
            finally:
                watching.cancel()

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
            await self._idle.pop().aclose()

    async def _forward(self, scope: Scope, upload: _Upload, send: Send) -> None:
        has_started = False
        try:
            async with self._connection() as connection:
                request = self._request(scope, upload)
                response = await connection.handle_async_request(request)
                if response.status not in _STATUSES:
                    raise httpcore.RemoteProtocolError(f"status {response.status}")
                _allow_pauses(request, response)
                has_started = True
                await send(self._start(scope, response))
                async for part in response.aiter_stream():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                await response.aclose()
        except _ClientDisconnected:
            return
        except _FAILURES as error:
            failure = self._failure(error)
            _log.error("%s %s: %s", scope["method"], scope["path"], failure)
            exchange = exchange_of(scope)
            if not has_started or exchange is None:
                raise failure from error
            exchange.is_broken = True
            return
        await send({"type": "http.response.body"})

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[httpcore.AsyncHTTPConnection]:
        """Lend a connection that is idle, or a new one."""
        connection = None
        while connection is None and self._idle:
            connection = self._idle.pop()
            if connection.has_expired():
                await connection.aclose()
                connection = None
        if connection is None:
            connection = httpcore.AsyncHTTPConnection(
                httpcore.Origin(*self._origin),
                ssl_context=self._context,
                keepalive_expiry=_KEEP_ALIVE,
            )
        try:
            yield connection
        finally:
            if connection.is_idle() and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
            else:
                with anyio.CancelScope(shield=True):
                    await connection.aclose()

    def _request(self, scope: Scope, upload: _Upload) -> httpcore.Request:
        scheme, host, port = self._origin
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        target = self.upstream.prefix + scope["raw_path"] + query
        # All else is sent as it is.
        target = _NOT_IN_TARGET.sub(lambda found: b"%%%02X" % found[0][0], target)
        return httpcore.Request(
            scope["method"],
            httpcore.URL(scheme=scheme, host=host, port=port, target=target),
            headers=[*request_headers(scope, self.upstream)],
            content=upload,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write"), self._timeout)},
        )

    def _start(self, scope: Scope, response: httpcore.Response) -> dict[str, Any]:
        status = response.status
        headers = response_headers(scope, self.upstream, status, response.headers)
        set_reason = scope.get("extensions", {}).get(REASON)
        if set_reason is not None:
            set_reason(response.extensions["reason_phrase"])
        return {"type": "http.response.start", "status": status, "headers": [*headers]}

    def _failure(self, error: Exception) -> UpstreamUnreachable:
        if isinstance(error, httpcore.TimeoutException):
            limit = f"{self._timeout:g} s"
            return UpstreamTimeout(f"The upstream {self.upstream} did not respond within {limit}.")
        causes = [*_causes(error)]
        found = (
            words.format(str(cause).rstrip("."))
            for kind, words in _CAUSES.items()
            for cause in causes
            if isinstance(cause, kind)
        )
        reason = next(found, str(error) or type(error).__name__)
        return UpstreamUnreachable(f"The upstream {self.upstream} failed: {reason}.")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _require_forwardable(scope: Scope) -> None:
    """Raise NotForwarded for what would need more than a request and its response."""
    options = (read_header(scope, "connection") or "").lower()
    upgrade = read_header(scope, "upgrade")
    if upgrade is not None and "upgrade" in re.split(r"[,\s]++", options):
        raise NotForwarded(f"upgrades of the connection, here to {upgrade}")
    coding = read_header(scope, "transfer-encoding")
    if coding is not None and coding.lower() != "chunked":
        raise NotForwarded(f"the transfer coding {coding}")


async def _cancel_after(wait: Callable[[], Awaitable[None]], scope: anyio.CancelScope) -> None:
    await wait()
    scope.cancel()


def _allow_pauses(request: httpcore.Request, response: httpcore.Response) -> None:
    """Wait for events without a limit: a stream of them may pause for as long as it likes."""
    for name, value in response.headers:
        if name.lower() == b"content-type" and value.startswith(b"text/event-stream"):
            # httpcore reads the limit when it starts to read the body.
            request.extensions["timeout"]["read"] = None
