"""Servers to test against: real ones, on real sockets."""

import inspect
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from tests.contract.contract_coverage import FOLDER, RecordingApp, recorder

from xclade_store_mock.app import create_app

pytest_plugins = ["tests.browser", "tests.databases"]

KEY = {"x-publishable-api-key": "pk_demo"}
"""The header that the demo store requires."""

PATIENCE = int(os.environ.get("PATIENCE", "600"))
"""Seconds until a test gives up: only what hangs takes so long, even on a busy machine."""

Serve = Callable[..., str]


@pytest.fixture(scope="session", autouse=True)
def patient() -> None:
    """Give httpx more than its five seconds."""
    default = inspect.signature(httpx.get).parameters["timeout"].default
    default.connect = default.read = default.write = default.pool = PATIENCE


@contextmanager
def running(server: uvicorn.Server, *listeners: socket.socket) -> Iterator[str]:
    """Run a server in a thread until the block ends, and yield its URL."""
    thread = threading.Thread(target=server.run, args=[[*listeners] or None])
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.005)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(app: Any, *, is_store: bool = True) -> Iterator[str]:
    """Serve an application on a free port, and yield its URL."""
    recorded = RecordingApp(app, recorder("server")) if is_store and FOLDER in os.environ else app
    # A client that is slow, as this machine may be, would use a connection that was just closed.
    config = uvicorn.Config(
        recorded,
        port=0,
        log_level="critical",
        timeout_keep_alive=PATIENCE,
        timeout_graceful_shutdown=1,
    )
    with running(uvicorn.Server(config)) as url:
        yield url


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves `create_app(...)` and returns the URL."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(served(create_app(**options)))


@pytest.fixture
def store(serve: Serve) -> Iterator[httpx.Client]:
    """Yield a plain HTTP client for a fresh demo store, with its publishable key."""
    with httpx.Client(base_url=serve(), headers=KEY) as client:
        yield client
