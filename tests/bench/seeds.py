"""Measure what it takes to load store files of several sizes, each in a process: seeds FILE."""

import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.page import Section
from tests.bench.subjects import Running, write_store
from tests.bench.tools import on_first_core, run

from xclade_store_mock.app import utc_now
from xclade_store_mock.payments.seed import read_store

SIZES = (1_000, 10_000, 100_000)
MOST_SECONDS = {"JSON": 3, "YAML": 12}
"""The bars for the largest file, by format."""
MOST_GROWTH = 1.3
"""The bar for the time per cart of the largest file, relative to that of the one before."""


class Cost(NamedTuple):
    """What it takes to load a file."""

    seconds: float
    cpu: float
    """Seconds of CPU time."""
    memory: float
    """MB."""


Costs = dict[tuple[str, int], list[Cost]]
"""By format and number of carts, one per round."""


def load(path: Path) -> Cost:
    """Load a file."""
    process = Running("", "", os.getpid())
    before, began, cpu = process.resident(), time.perf_counter(), time.process_time()
    store = read_store(path, utc_now())
    cost = Cost(time.perf_counter() - began, time.process_time() - cpu, process.resident() - before)
    assert store.carts
    return cost


def compare(rounds: int) -> Costs:
    """Load one file after the other, in rounds."""
    costs: Costs = defaultdict(list)
    with tempfile.TemporaryDirectory() as temporary:
        files = {
            (kind, size): Path(temporary) / f"{size}.{kind.lower()}"
            for kind in MOST_SECONDS
            for size in SIZES
        }
        for (_, size), file in files.items():
            write_store(file, collections=0, carts=size)
        command = (*on_first_core(), sys.executable, "-m", "tests.bench.seeds")
        for number in range(rounds):
            sys.stderr.write(f"Round {number + 1} of {rounds} ...\n")
            for key, file in files.items():
                costs[key].append(Cost(*json.loads(run(*command, file))))
    return costs


def aims(costs: Costs) -> Iterator[Bar]:
    """Yield the bars of the largest files."""
    *_, smaller, largest = SIZES
    for kind, most in MOST_SECONDS.items():
        (seconds, cpu, _), (fewer, less_cpu, _) = (
            zip(*costs[kind, size], strict=True) for size in (largest, smaller)
        )
        yield Bar(f"seconds for {largest:,} carts from {kind}", seconds, most)
        growth, growth_in_cpu = (
            [ratio * smaller / largest for ratio in ratios(*pair)]
            for pair in ((seconds, fewer), (cpu, less_cpu))
        )
        yield Bar(f"… per cart, relative to {smaller:,}", growth, MOST_GROWTH, by_cpu=growth_in_cpu)


def measure(rounds: int) -> Section:
    """Measure, and return the section of the page."""
    costs = compare(rounds)
    rows = (
        (
            f"{size:,} carts, {kind}",
            spread([cost.seconds for cost in loads], 2),
            spread([cost.cpu for cost in loads], 2),
            spread([cost.memory * 1024 / size for cost in loads], 2),
        )
        for (kind, size), loads in costs.items()
    )
    return Section(
        "Seeds",
        f"""The time to load a store file in a new process, on one core, and the memory that it then
has more, in {rounds} rounds; figures are medians, with the range in brackets.

{bars(*aims(costs))}

{table(("store file", "seconds", "seconds of CPU time", "KB of memory per cart"), rows)}
""",
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(load(Path(sys.argv[1]))))
