"""The server and its database, killed under load."""

import asyncio
import uuid
from collections.abc import Iterator
from concurrent.futures import as_completed
from functools import partial
from random import Random

import pytest
from tests.crash.rounds import DATABASE, Arena, arena, play
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
def ring(request: pytest.FixtureRequest) -> Iterator[Arena]:
    """Serve by two processes on a database of either kind, all of which can be killed."""
    with arena(request.param, carts=30) as made:
        yield made


@pytest.mark.parametrize("ring", [POSTGRESQL], indirect=True)
def test_turn_that_went_with_the_database(ring: Arena) -> None:
    """Who waits for the provider while the database restarts overwrites nothing that came since."""
    (restart,) = (each for each in ring.strikes if each.victim == DATABASE)
    ring.fleet.wait()
    with open_shop(ring.fleet) as shop:
        purchase, key = shop.purchase(), uuid.uuid4().hex
        late = partial(purchase.initialize, key, do="wait", until="morning")

        (waiting,) = shop.send(late)
        ring.fleet.wait_for_calls({purchase.collection_id})
        restart.kill()
        restart.restart()
        others = shop.send(*[purchase.initialize] * 20)
        # Of the other process; those of the same one wait behind it.
        next(as_completed(others))
        ring.fleet.signal("morning")
        lost = waiting.result()
        made = [session_of(each.result()) for each in others]
        between = purchase.sessions
        retry = session_of(late())

        assert UNAVAILABLE == answer(lost)
        assert between[0] in made
        assert [retry] == purchase.sessions
        assert 2 == len([call for call in purchase.calls if call.session_id == retry["id"]])


def test_nothing_is_lost_and_nothing_done_twice(ring: Arena) -> None:
    """However the server and its database die, each answer stays true and each retry is safe."""
    report = asyncio.run(play(ring.fleet, ring.strikes, Random(1)))

    assert [] == report.findings
