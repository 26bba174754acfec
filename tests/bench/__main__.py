"""Measures, and writes docs/benchmarks.md."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.bench import client, memory, server, startup, storage
from tests.bench.page import Section, origin, write_section
from tests.bench.tools import NotInstalled, take_second_core


class Part(NamedTuple):
    """One section of the page."""

    measure: Callable[[int], Section]
    rounds: int
    """How many there are unless it is told."""


PARTS: Mapping[str, Part] = {
    "server": Part(server.measure, rounds=7),
    "startup": Part(startup.measure, rounds=9),
    "memory": Part(memory.measure, rounds=1),
    "client": Part(client.measure, rounds=25),
    "storage": Part(storage.measure, rounds=25),
}


def main() -> int:
    """Measure what is asked for; answer the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "part", nargs="*", help=f"any of {', '.join(PARTS)}; all of them by default"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="more are slower, and steadier")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw figures, too")
    options = parser.parse_args()
    unknown = set(options.part) - PARTS.keys()
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    take_second_core()
    raw = {}
    missing = False
    for name in options.part or PARTS:
        part, told = PARTS[name], origin()
        try:
            section = part.measure(options.rounds or part.rounds)
        except NotInstalled as reason:
            sys.stderr.write(f"Not measured: {name} ({reason})\n")
            missing = True
        else:
            write_section(section, told)
            raw[name] = section.raw
    if options.json:
        options.json.write_text(json.dumps(raw), "utf-8")
    return int(missing)


if __name__ == "__main__":
    sys.exit(main())
