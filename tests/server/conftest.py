"""Servers that tests share: one to use as they like, one to leave as it is."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from tests.conftest import KEY, served
from tests.server.plugin_runs import SHOP, Runs
from tests.server.stand_ins import Scripted, Stage
from tests.server.wire import SESSIONS, SYSTEM, read_collection

from xclade_store_mock.app import create_app


@contextmanager
def demo_store() -> Iterator[httpx.Client]:
    """Serve a demo store whose collection has a session; answer a client with its key."""
    with served(create_app()) as url, httpx.Client(base_url=url, headers=KEY) as client:
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        yield client


def state(client: httpx.Client) -> object:
    """Read what the demo store holds."""
    return [read_collection(client, cart_id) for cart_id in ("cart_demo", "cart_free")]


@pytest.fixture(scope="session")
def lived_in() -> Iterator[httpx.Client]:
    """Answer a client of a demo store that other tests have used, too."""
    with demo_store() as client:
        yield client


@pytest.fixture(scope="session")
def exhibit() -> Iterator[tuple[httpx.Client, object]]:
    """Answer a client of a demo store that nobody may change, and what it holds."""
    with demo_store() as client:
        yield client, state(client)


@pytest.fixture
def untouched(exhibit: tuple[httpx.Client, object]) -> Iterator[httpx.Client]:
    """Answer a client of a store that must hold the same after the test."""
    client, before = exhibit
    yield client
    assert before == state(client)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Serve a demo store whose manual provider does what a test tells it."""
    provider = Scripted()
    app = create_app(providers={"system": provider})
    with served(app) as url, httpx.Client(base_url=url, headers=KEY) as client:
        yield Stage(client, provider)


@pytest.fixture
def idempotency() -> dict[str, str]:
    """Answer the header with an idempotency key that was never used."""
    return {"Idempotency-Key": uuid.uuid4().hex}


@pytest.fixture
def runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Answer a runner that loads this plugin and no other that is installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (pytester.path / "shop.yaml").write_text(SHOP, "utf-8")
    return Runs(pytester)
