"""The control API in an embedded application, and applications without it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.control.conftest import serving
from tests.server.control.served import Served
from tests.server.wire import SESSIONS, STRIPE, SYSTEM, answer, error, unknown_error

from xclade_store_mock.app import StoreMockApp, create_app
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.faults import FaultMiddleware, FaultPlan
from xclade_store_mock.control.front import ControlFront
from xclade_store_mock.control.journal import Criteria
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.web.dialect import Dialect


def layers(app: StoreMockApp) -> Iterator[type]:
    """Yield the classes of the middlewares."""
    layer: Any = app.middleware._build_middleware_stack()[0]  # noqa: SLF001 - Connexion has no other
    while layer is not None:
        yield type(layer)
        below = vars(layer)
        layer = below.get("_app") or below.get("app") or below.get("next_app")


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_off_by_default(serve: Serve, dialect: Dialect) -> None:
    """By default there is no control API, no control object and no middleware of it."""
    url = serve(dialect=dialect)
    off, on = create_app(dialect=dialect), create_app(dialect=dialect, control=Access())

    for path in ("/_mock", "/_mock/state", "/_mock/events"):
        assert 404 == httpx.get(f"{url}{path}").status_code
    with pytest.raises(LookupError, match="is off"):
        _ = off.control
    assert not {ControlFront, FaultMiddleware} & {*layers(off)}
    assert {ControlFront, FaultMiddleware} <= {*layers(on)}


def test_bare_prefix(mock: Served) -> None:
    """Without its slash the prefix is a 404 and no redirect."""
    message = "The mock does not serve /_mock."
    assert error(404, "not_found", message) == answer(mock.store.get("/_mock"))


def test_control_without_http() -> None:
    """Code that creates the application can use its control without HTTP."""
    app = create_app(control=Access())

    async def play() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=KEY
        ) as client:
            planned = await client.post("/_mock/faults", json={"answer": {"status": 503}})
            answers = [await client.post(SESSIONS, json=SYSTEM) for _ in range(2)]
        return [planned.status_code, *(each.status_code for each in answers)]

    assert [201, 503, 200] == asyncio.run(play())
    journal = app.control.journal
    entries = asyncio.run(journal.read(journal.find(Criteria())))
    assert [503, 200] == [entry.status for entry in entries]


def test_broken_connection_needs_uvicorn() -> None:
    """Without uvicorn a fault that breaks the connection raises an error that says why."""
    app = create_app(control=Access())

    async def play() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=KEY
        ) as client:
            await client.post("/_mock/faults", json={"broken": "dropped"})
            await client.post(SESSIONS, json=STRIPE)

    with pytest.raises(ConnectionAbortedError, match="only under uvicorn"):
        asyncio.run(play())


def test_bug_in_a_middleware(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in a middleware is logged, and the response does not reveal it."""
    app = create_app(control=Access())

    async def fail() -> None:
        raise RuntimeError("a bug")

    app.control.faults.plan(FaultPlan(then=fail))
    with serving(app) as mock:
        response = mock.store.post(SESSIONS, json=SYSTEM)

    assert unknown_error() == answer(response)
    assert "a bug" in caplog.text
