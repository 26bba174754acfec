"""A server with limits, whose time a test controls."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.conftest import PATIENCE, running

from xclade_store_mock.app import create_app
from xclade_store_mock.serving import Limits
from xclade_store_mock.serving.protocol import BoundedProtocol

SECONDS = 2 * PATIENCE
"""The time for a request: only a clock that a test puts forward gets there."""


class Limited:
    """A server whose event loop has a clock that a test can put forward."""

    url = ""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ahead = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application."""
        if scope["type"] == "lifespan":
            loop: Any = asyncio.get_running_loop()
            real = loop.time
            loop.time = lambda: real() + self._ahead
            self._wake = partial(loop.call_soon_threadsafe, lambda: None)
        await self._app(scope, receive, send)

    def put_forward(self, seconds: float) -> None:
        """Advance the clock."""
        self._ahead += seconds
        self._wake()

    def wait_for(self, connection: socket.socket) -> str:
        """Advance the clock until the server closes a connection; return what it sent."""
        connection.settimeout(0.01)
        while True:
            # It may not know the connection yet.
            self.put_forward(SECONDS)
            with suppress(TimeoutError):
                connection.recv(1, socket.MSG_PEEK)
                connection.settimeout(PATIENCE)
                return read_all(connection)


@contextmanager
def limited(app: ASGIApp | None = None, kept: int = 5, **limits: int) -> Iterator[Limited]:
    """Serve a demo store with these limits, keeping idle connections for so many seconds."""
    server = Limited(app or create_app())
    given = Limits(**{"seconds": SECONDS, **limits})
    config = uvicorn.Config(
        server,
        port=0,
        loop="asyncio",
        log_level="critical",
        http=partial(BoundedProtocol, limits=given),  # type: ignore[arg-type] # it is only called
        timeout_keep_alive=kept,
        timeout_graceful_shutdown=1,
    )
    with running(uvicorn.Server(config)) as server.url:
        yield server


def read_all(connection: socket.socket) -> str:
    """Read until the server closes the connection."""
    parts = []
    # The system resets a connection when the server closes it with data unread.
    with suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts).decode()
