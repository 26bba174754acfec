"""Servers to test against: real ones, on real sockets."""

import os
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

Serve = Callable[..., str]


@contextmanager
def served(app: Any, *, is_store: bool = True) -> Iterator[str]:
    """Serve an application on a free port, and yield its URL."""
    config = uvicorn.Config(
        RecordingApp(app, recorder("server")) if is_store and FOLDER in os.environ else app,
        port=0,
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            thread.join(0.005)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


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
