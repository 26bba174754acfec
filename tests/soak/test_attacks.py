"""Each attack reaches the server."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest
from tests.conftest import PATIENCE
from tests.server.command import Running, running
from tests.soak.attacks import ATTACKS, Attacker

ANSWERED = {
    "headers of 1 MB": "answered 431",
    "endless trailers": "answered 431",
    "deep JSON": "answered 400",
    "zip bombs": "answered 413",
    "pipelining": "answered 200",
    "a flood of valid calls": "answered 200",
}


@pytest.fixture(scope="module")
def mock() -> Iterator[Running]:
    """Yield a server that must withstand all attacks, and stop without a problem."""
    with running("--dialect", "medusa") as mock:
        yield mock
        assert [] == mock.stop()


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_reaches_the_server(mock: Running, name: str) -> None:
    """The server responds as expected."""

    async def attack() -> None:
        attacker = Attacker(mock.url, ATTACKS[name])
        expected = {"connections", ANSWERED.get(name, "connections")}
        async with asyncio.timeout(PATIENCE):
            attacking = asyncio.create_task(attacker.run())
            while not expected <= attacker.counts.keys():  # noqa: ASYNC110 - it only counts
                await asyncio.sleep(0.01)
        attacking.cancel()
        with suppress(asyncio.CancelledError):
            await attacking

    asyncio.run(attack())
