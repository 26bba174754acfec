"""Measure, and write docs/benchmarks.md."""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.bench import client, layers, memory, seeds, server, storage, upstream, waiting
from tests.bench.page import Section, origin, write_section
from tests.bench.tools import NotInstalled, take_second_core


class Part(NamedTuple):
    """One section of the page."""

    measure: Callable[[int], Section]
    rounds: int
    """The default number of rounds."""


PARTS: Mapping[str, Part] = {
    "server": Part(server.measure, rounds=7),
    "layers": Part(layers.measure, rounds=1),
    "waiting": Part(waiting.measure, rounds=7),
    "seeds": Part(seeds.measure, rounds=3),
    "memory": Part(memory.measure, rounds=1),
    "client": Part(client.measure, rounds=25),
    "storage": Part(storage.measure, rounds=25),
    "upstream": Part(upstream.measure, rounds=5),
}


def main() -> int:
    """Measure the chosen parts, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "part", nargs="*", help=f"any of {', '.join(PARTS)}; all of them by default"
    )
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="number of rounds; more take longer and vary less"
    )
    options = parser.parse_args()
    unknown = set(options.part) - PARTS.keys()
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    take_second_core()
    missing = False
    for name in options.part or PARTS:
        part, measured_on = PARTS[name], origin()
        try:
            section = part.measure(options.rounds or part.rounds)
        except NotInstalled as reason:
            sys.stderr.write(f"Not measured: {name} ({reason})\n")
            missing = True
        else:
            write_section(section, measured_on)
    return int(missing)


if __name__ == "__main__":
    sys.exit(main())
