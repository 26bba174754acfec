"""Kill the server's processes or its database under load, and check what is left."""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.crash.aftermath import judge, replay, settle
from tests.crash.fleet import Fleet, running_fleet
from tests.crash.load import Load, connect
from tests.crash.postgresql import mortal_postgresql
from tests.databases import POSTGRESQL, SQLITE

CARTS = 5
DATABASE = "the database"


class Strike(NamedTuple):
    """What is killed, and how it is started again."""

    victim: str
    kill: Callable[[], None]
    restart: Callable[[], None]


class Arena(NamedTuple):
    """A server, and what of it can be killed."""

    fleet: Fleet
    strikes: Sequence[Strike]


@contextmanager
def arena(storage: str, carts: int) -> Iterator[Arena]:
    """Run a server on a new database of this kind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder / 'store.db'}"
        strikes = []
        if storage == POSTGRESQL:
            server = stack.enter_context(mortal_postgresql())
            url = server.url
            strikes = [
                Strike(DATABASE, server.kill, server.start),
                Strike("the database, in haste", server.stop, server.start),
            ]
        fleet = stack.enter_context(running_fleet(folder, url, carts=carts))
        strikes.append(Strike("the server", fleet.kill, fleet.start))
        # Its parent starts another one.
        strikes.append(Strike("a worker", fleet.kill_worker, lambda: None))
        yield Arena(fleet, strikes)


@dataclass
class Report:
    """What happened in all rounds, and what went wrong."""

    figures: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


async def play(fleet: Fleet, strikes: Sequence[Strike], random: Random) -> Report:
    """Kill under load, again and again, and check that every response still holds."""
    loads = []
    async with connect(fleet.url) as client:
        for strike in strikes:
            fleet.wait()
            load = Load(client, [fleet.new_cart() for _ in range(CARTS)], random)
            await load.run(strike.kill)
            strike.restart()
            sessions = await settle(load)
            judge(load, fleet.calls(), sessions)
            print(f"killed {strike.victim}: {len(load.findings) or 'nothing'} wrong")
            loads.append(load)
        for load in loads:
            await replay(load)
    report = Report(Counter(f"killed {strike.victim}" for strike in strikes))
    for load in loads:
        report.figures += load.figures
        report.findings += load.findings
    return report


def main() -> None:
    """Run the rounds and print what happened."""
    parser = argparse.ArgumentParser(prog="scripts/crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--storage", choices=(SQLITE, POSTGRESQL), default=SQLITE)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = Random(options.seed)
    with arena(options.storage, options.rounds * CARTS) as ring:
        strikes = random.choices(ring.strikes, k=options.rounds)
        report = asyncio.run(play(ring.fleet, strikes, random))
    for name, figure in report.figures.items():
        print(f"{figure:>7} {name}")
    print(*report.findings or ["Nothing was lost, and nothing was done twice."], sep="\n")
    sys.exit(bool(report.findings))


if __name__ == "__main__":
    main()
