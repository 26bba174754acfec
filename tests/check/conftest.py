"""Run the command `check` in this process against servers on real sockets."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from xclade_store_mock.cli import main

IDS = ("--region-id", "reg_demo", "--cart-id", "cart_demo")
"""Ids of the demo store."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run: exit code and output."""

    code: int
    out: str
    err: str


Check = Callable[..., Outcome]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Return a function that checks a URL with few examples and the demo store's key."""

    def run(url: str, *options: str, key: str = "pk_demo") -> Outcome:
        budget = ("--max-examples", "1", "--seed", "1")
        code = main(["check", url, "--publishable-key", key, *budget, *options])
        return Outcome(code, *capsys.readouterr())

    return run
