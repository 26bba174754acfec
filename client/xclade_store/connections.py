"""The HTTP clients that calls are sent with, and where each of them may be used.

Sockets and locks work in one process and one event loop only: after a fork, two processes would
read each other's answers from one socket. Our own HTTP clients are therefore made for each scope
that calls. An `http_client` of the caller's is bound to the scope that first used it.
"""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, ClassVar, Generic, TypeVar

import httpx

from xclade_store.errors import HttpClientShared

Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)
Http2 = TypeVar("Http2")
"""The same client of httpx2, which need not be installed."""

TIMEOUT = httpx.Timeout(30, connect=5)
"""The timeouts of our own clients: 5 seconds to connect, 30 for each wait after that."""

Timeouts = dict[str, float | None]
Scope = tuple[int, Any]
"""A process and, in async code, an event loop."""


def library_of(client: object) -> Any:
    """Return the module that a client comes from: httpx, or httpx2, which has the same names."""
    httpx2 = sys.modules.get("httpx2")
    if httpx2 is not None and isinstance(client, httpx2.Client | httpx2.AsyncClient):
        return httpx2
    return httpx


class Connections(ABC, Generic[Http]):
    """What a client sends with."""

    @abstractmethod
    def get(self) -> Http:
        """Return the HTTP client for the current scope."""

    @abstractmethod
    def build_request(
        self, method: str, url: str, timeouts: Timeouts | None, **parts: Any
    ) -> httpx.Request:
        """Return a request with the client's headers and, unless others are given, timeouts."""

    def close(self) -> None:
        """Close our own sync client of this scope; do nothing if there is none."""

    async def aclose(self) -> None:
        """Close our own async client of this scope; do nothing if there is none."""


class GivenConnections(Connections[Http]):
    """An `http_client` of the caller's, which is neither replaced nor closed."""

    def __init__(self, client: Http, scope: Callable[[], Scope]) -> None:
        self._client: Http = client
        self._scope = scope
        self._bound: dict[str, Scope] = {}

    def get(self) -> Http:
        """Return the client. Raises: HttpClientShared outside the scope that first used it."""
        scope = self._scope()
        # Of two threads that are first at the same time, setdefault lets one win.
        if scope != (bound := self._bound.setdefault("scope", scope)):
            where = "process" if scope[0] != bound[0] else "event loop"
            raise HttpClientShared(
                f"http_client was first used in another {where}, and its connections cannot be "
                f"used in this one: make a client with an http_client of its own in each {where}, "
                f"or leave http_client out, since our own connections are separate for each {where}"
            )
        return self._client

    def build_request(
        self, method: str, url: str, timeouts: Timeouts | None, **parts: Any
    ) -> httpx.Request:
        """Return a request with what is configured on the client, but without its cookie jar."""
        http = self.get()
        extensions = {"timeout": timeouts or http.timeout.as_dict()}
        request = http.build_request(method, url, extensions=extensions, **parts)
        # The cookies in the jar may be another customer's.
        if "cookie" in request.headers and "cookie" not in http.headers:
            del request.headers["cookie"]
        return request


class OwnConnections(Connections[Http]):
    """Our own clients, which need no closing before a fork or the end of an event loop."""

    http_class: ClassVar[Any]

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._headers = dict(self.http_class(**settings).headers)
        self._clients: dict[Scope, Http] = {}
        self._is_closed = False

    @staticmethod
    @abstractmethod
    def scope() -> Scope:
        """Return the current scope."""

    def get(self) -> Http:
        """Return the client of this scope. Raises: RuntimeError after closing."""
        if self._is_closed:
            raise RuntimeError("this client is closed")
        scope = self.scope()
        return self._clients.get(scope) or self._open(scope)

    def build_request(
        self, method: str, url: str, timeouts: Timeouts | None, **parts: Any
    ) -> httpx.Request:
        """Return a request."""
        # httpx would take twice the time to find the same headers.
        target = httpx.URL(url, params=parts["params"]) if parts["params"] else httpx.URL(url)
        host = target.netloc.decode()
        headers: dict[str, str] = {"host": host, **self._headers, **parts["headers"]}
        content: bytes = parts["content"] or b""
        if content:
            headers["content-length"] = str(len(content))
        request = httpx.Request(
            method,
            target,
            headers=headers,
            stream=httpx.ByteStream(content),
            extensions={"timeout": timeouts or TIMEOUT.as_dict()},
        )
        request.read()
        return request

    def _open(self, scope: Scope) -> Http:
        # No cookie of one customer may reach the next one.
        jar = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        # Of two threads that are first at the same time, setdefault lets one win.
        client: Http = self.http_class(cookies=jar, **self._settings)
        return self._clients.setdefault(scope, client)


class SyncConnections(OwnConnections[httpx.Client]):
    """One client for each process.

    A forked process leaves what it inherited alone: closing it could wait for a lock that a thread
    of the parent held, or write to the parent's sockets.
    """

    http_class = httpx.Client

    @staticmethod
    def scope() -> Scope:
        """Return the process."""
        return os.getpid(), None

    def close(self) -> None:
        """Close the client of this process."""
        self._is_closed = True
        if client := self._clients.pop(self.scope(), None):
            client.close()


class AsyncConnections(OwnConnections[httpx.AsyncClient]):
    """One client for each process and event loop, closed with its loop at the latest."""

    http_class = httpx.AsyncClient

    @staticmethod
    def scope() -> Scope:
        """Return the process and the event loop."""
        # Imported late, since sync code needs none of it.
        import asyncio  # noqa: PLC0415

        try:
            return os.getpid(), asyncio.get_running_loop()
        except RuntimeError:
            trio: Any = sys.modules.get("trio")
            if trio is None:
                raise
            return os.getpid(), trio.lowlevel.current_trio_token()

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._closers: dict[Scope, AsyncGenerator[None]] = {}

    async def aclose(self) -> None:
        """Close the client of this loop; those of other loops are closed with their loops."""
        self._is_closed = True
        if closer := self._closers.get(self.scope()):
            await closer.aclose()

    def _open(self, scope: Scope) -> httpx.AsyncClient:
        # A loop that was closed without shutting down its generators leaves its client behind.
        for process_id, loop in list(self._clients):
            if process_id == scope[0] and getattr(loop, "is_closed", bool)():
                self._clients.pop((process_id, loop), None)
                self._closers.pop((process_id, loop), None)
        client = super()._open(scope)
        # asyncio.run(), trio.run() and the like close the generators that were started in their
        # loop. This one awaits nothing before it yields, so that it can be started from here.
        self._closers[scope] = self._close_at_end(scope, client)
        with suppress(StopIteration):
            self._closers[scope].__anext__().send(None)
        return client

    async def _close_at_end(self, scope: Scope, client: httpx.AsyncClient) -> AsyncGenerator[None]:
        """Close a client when this generator is closed."""
        try:
            yield
        finally:
            self._clients.pop(scope, None)
            self._closers.pop(scope, None)
            # A forked process may end the loop that it inherited.
            if scope[0] == os.getpid():
                await client.aclose()
