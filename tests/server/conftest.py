"""Servers that tests share: one that they may change, and one that they may not."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from tests.conftest import KEY, served
from tests.server.plugin_runs import SHOP, Runs
from tests.server.providers import Scripted, ScriptedProvider
from tests.server.wire import SESSIONS, SYSTEM, read_collection

from xclade_store_mock.app import create_app


@contextmanager
def demo_store() -> Iterator[httpx.Client]:
    """Serve a demo store whose collection has a session, and yield a client for it."""
    with served(create_app()) as url, httpx.Client(base_url=url, headers=KEY) as client:
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        yield client


def state(client: httpx.Client) -> object:
    """Return the payment collections of the demo store."""
    return [read_collection(client, cart_id) for cart_id in ("cart_demo", "cart_free")]


@pytest.fixture(scope="session")
def shared() -> Iterator[httpx.Client]:
    """Yield a client for a demo store that other tests also change."""
    with demo_store() as client:
        yield client


@pytest.fixture(scope="session")
def reference_store() -> Iterator[tuple[httpx.Client, object]]:
    """Yield a client for a demo store that no test may change, and its state."""
    with demo_store() as client:
        yield client, state(client)


@pytest.fixture
def unchanged(reference_store: tuple[httpx.Client, object]) -> Iterator[httpx.Client]:
    """Yield a client for a demo store, and check that the test did not change it."""
    client, before = reference_store
    yield client
    assert before == state(client)


@pytest.fixture(scope="session")
def scripted() -> Iterator[Scripted]:
    """Serve a demo store whose manual provider follows a script."""
    provider = ScriptedProvider()
    app = create_app(providers={"system": provider})
    with served(app) as url, httpx.Client(base_url=url, headers=KEY) as client:
        yield Scripted(client, provider)


@pytest.fixture
def idempotency() -> dict[str, str]:
    """Return a header with an unused idempotency key."""
    return {"Idempotency-Key": uuid.uuid4().hex}


@pytest.fixture
def runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return a runner of pytest that loads this plugin and no other installed one."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (pytester.path / "shop.yaml").write_text(SHOP, "utf-8")
    return Runs(pytester)
