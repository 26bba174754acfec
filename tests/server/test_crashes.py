"""The server and its database are killed under load."""

import asyncio
import uuid
from collections.abc import Iterator
from concurrent.futures import as_completed
from functools import partial
from random import Random

import pytest
from tests.crash.rounds import DATABASE, Arena, play
from tests.crash.rounds import arena as open_arena
from tests.crash.shop import open_shop
from tests.databases import POSTGRESQL, SQLITE
from tests.server.wire import answer, error, session_of

UNAVAILABLE = error(
    500,
    "unexpected_state",
    "The store's storage is not available. Try again in a moment.",
    "api_error",
)


@pytest.fixture(scope="module", params=[SQLITE, POSTGRESQL])
def arena(request: pytest.FixtureRequest) -> Iterator[Arena]:
    """Serve a database with two processes; all of them can be killed."""
    with open_arena(request.param, carts=30) as made:
        yield made


@pytest.mark.parametrize("arena", [POSTGRESQL], indirect=True)
def test_database_restart_during_a_provider_call(arena: Arena) -> None:
    """A call that waits for the provider during a restart overwrites no newer change."""
    (restart,) = (each for each in arena.strikes if each.victim == DATABASE)
    arena.fleet.wait()
    with open_shop(arena.fleet) as shop:
        purchase, key = shop.purchase(), uuid.uuid4().hex
        late = partial(purchase.initialize, key, do="wait", until="morning")

        (waiting,) = shop.send(late)
        arena.fleet.wait_for_calls({purchase.collection_id})
        restart.kill()
        restart.restart()
        others = shop.send(*[purchase.initialize] * 20)
        # From the other process; calls of the same process wait for it.
        next(as_completed(others))
        arena.fleet.signal("morning")
        lost = waiting.result()
        made = [session_of(each.result()) for each in others]
        between = purchase.sessions
        retry = session_of(late())

        assert UNAVAILABLE == answer(lost)
        assert between[0] in made
        assert [retry] == purchase.sessions
        assert 2 == len([call for call in purchase.calls if call.session_id == retry["id"]])


def test_nothing_is_lost_or_executed_twice(arena: Arena) -> None:
    """After any crash, each response is still true and each retry is safe."""
    report = asyncio.run(play(arena.fleet, arena.strikes, Random(1)))

    assert [] == report.findings
