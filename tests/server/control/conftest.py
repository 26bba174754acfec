"""Served stores with a control API: one in each dialect, reset for every test."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
import uvicorn
from tests.conftest import KEY, PATIENCE, running
from tests.server.control.served import Served

from xclade_store_mock.app import StoreMockApp, create_app
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import DIALECTS, DOCUMENTED
from xclade_store_mock.serving.processes import Server
from xclade_store_mock.web.dialect import Dialect


@contextmanager
def serving(app: StoreMockApp, **headers: str) -> Iterator[Served]:
    """Serve an application as the command does; yield it with clients of both APIs."""
    config = uvicorn.Config(
        app, port=0, log_level="warning", timeout_keep_alive=PATIENCE, timeout_graceful_shutdown=1
    )
    with (
        running(Server(config, app)) as url,
        httpx.Client(base_url=url, headers=KEY) as store,
        httpx.Client(base_url=f"{url}/_mock", headers=headers) as control,
    ):
        yield Served(url, store, control)


@pytest.fixture(scope="session")
def _running() -> Iterator[dict[Dialect, Served]]:
    with ExitStack() as stack:
        yield {
            dialect: stack.enter_context(serving(create_app(dialect=dialect, control=Access())))
            for dialect in DIALECTS.values()
        }


def _renewed(mock: Served) -> Served:
    mock.control.post("/reset").raise_for_status()
    mock.control.delete("/journal").raise_for_status()
    return mock


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Yield what uvicorn logs about the applications that it serves."""
    messages: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler = Listening()
    logging.getLogger("uvicorn.error").addHandler(handler)
    yield messages
    logging.getLogger("uvicorn.error").removeHandler(handler)


@pytest.fixture
def mock(_running: dict[Dialect, Served]) -> Served:
    """Return a demo store in the documented dialect."""
    return _renewed(_running[DOCUMENTED])


@pytest.fixture(params=DIALECTS.values(), ids=[*DIALECTS])
def either(request: pytest.FixtureRequest, _running: dict[Dialect, Served]) -> Served:
    """Return a demo store in each dialect."""
    return _renewed(_running[request.param])
