"""Each attack reaches the server."""

import asyncio

import pytest
from tests.server.command import running
from tests.soak.attacks import ATTACKS, attack

ANSWERED = {
    "headers of 1 MB": "answered 431",
    "endless trailers": "answered 431",
    "deep JSON": "answered 400",
    "zip bombs": "answered 413",
    "pipelining": "answered 200",
    "a flood of valid calls": "answered 200",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_reaches_the_server(name: str) -> None:
    """The server responds as expected, and stops without a problem."""
    with running("--dialect", "medusa") as mock:
        counts = asyncio.run(attack(name, mock.url, 1))

        assert {"connections", ANSWERED.get(name, "connections")} <= counts.keys()
        assert [] == mock.stop()
