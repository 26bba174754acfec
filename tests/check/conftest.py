"""The command `check`, run in this process against servers on real sockets."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from xclade_store_mock.cli import main

IDS = ("--region-id", "reg_demo", "--cart-id", "cart_demo")
"""What the demo store has to be tested with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of the command came to."""

    code: int
    out: str
    err: str


Check = Callable[..., Outcome]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the command on a URL with a small budget, the demo store's key and more options."""

    def run(url: str, *options: str, key: str = "pk_demo") -> Outcome:
        budget = ("--max-examples", "1", "--seed", "1")
        code = main(["check", url, "--publishable-key", key, *budget, *options])
        return Outcome(code, *capsys.readouterr())

    return run
