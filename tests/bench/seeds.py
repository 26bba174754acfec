"""Measure what it takes to load store files of several sizes."""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from operator import sub
from pathlib import Path
from typing import NamedTuple

from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.page import Section
from tests.bench.subjects import MEMORY, mock, started, write_store

SIZES = (1_000, 10_000, 100_000)
MOST_SECONDS = {"JSON": 3, "YAML": 12}
"""The bars for the largest file, by format."""
MOST_GROWTH = 1.3


class Cost(NamedTuple):
    """What it takes to serve a store until the first session, in seconds and MB."""

    elapsed: float
    cpu: float
    memory: float


Costs = dict[tuple[str, int], list[Cost]]
"""By format and number of carts, one per round, less those of the demo store."""


def serve(*options: str | Path) -> Cost:
    """Start the mock, and stop it once it has initialized a session."""
    began = time.perf_counter()
    with started(mock(MEMORY, *options)) as server:
        return Cost(time.perf_counter() - began, server.cpu(), server.resident())


def compare(rounds: int) -> Costs:
    """Load one file after the other, in rounds."""
    costs: Costs = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        files = {
            (kind, size): Path(folder) / f"{size}.{kind.lower()}"
            for kind in MOST_SECONDS
            for size in SIZES
        }
        for (_, size), path in files.items():
            write_store(path, collections=0, carts=size)
        for number in range(rounds):
            sys.stderr.write(f"Round {number + 1} of {rounds} ...\n")
            demo = serve()
            for file, path in files.items():
                costs[file].append(Cost(*map(sub, serve("--seed", path), demo)))
    return costs


def aims(costs: Costs) -> Iterator[Bar]:
    """Yield the bars of the largest files."""
    *_, smaller, largest = SIZES
    for kind, most in MOST_SECONDS.items():
        (slow, slow_cpu, _), (fast, fast_cpu, _) = (
            zip(*costs[kind, size], strict=True) for size in (largest, smaller)
        )
        yield Bar(f"seconds for {largest:,} carts from {kind}", slow, most)
        yield Bar(
            f"… relative to {smaller:,}",
            ratios(slow, fast),
            MOST_GROWTH * largest / smaller,
            by_cpu=ratios(slow_cpu, fast_cpu),
        )


def measure(rounds: int) -> Section:
    """Measure, and return the section of the page."""
    costs = compare(rounds)
    rows = (
        (
            f"{size:,} carts, {kind}",
            spread([cost.elapsed for cost in loads], 2),
            spread([cost.cpu for cost in loads], 2),
            spread([cost.memory * 1024 / size for cost in loads], 2),
        )
        for (kind, size), loads in costs.items()
    )
    return Section(
        "Seeds",
        f"""What the mock needs for a store file until the first session, less what it needs for the
demo store; on one core, in {rounds} rounds. Figures are medians, with the range in brackets.

{bars(*aims(costs))}

{table(("store file", "seconds", "seconds of CPU time", "KB of memory per cart"), rows)}
""",
    )
