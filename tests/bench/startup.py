"""Measure the time from a server's command to its first correct response."""

import time
from collections import defaultdict
from typing import NamedTuple

from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.page import Section
from tests.bench.subjects import (
    MEMORY,
    PRISM_NAME,
    Subject,
    bare,
    mock,
    mockoon,
    prism,
    started,
    stock,
)
from tests.bench.tools import NotInstalled


class Start(NamedTuple):
    """The time of one start."""

    elapsed: float
    """Milliseconds."""
    cpu: float
    """Milliseconds of CPU time."""


def start(subject: Subject) -> Start:
    """Start a server, and stop it."""
    began = time.perf_counter()
    with started(subject) as server:
        return Start((time.perf_counter() - began) * 1e3, server.cpu() * 1e3)


def measure(rounds: int) -> Section:
    """Start one server after the other, in rounds, and return the section of the page."""
    starts: dict[str, list[Start]] = defaultdict(list)
    missing = {}
    for number in range(rounds + 1):
        for subject in (mock(), prism(), mockoon(), stock(), bare()):
            try:
                measured = start(subject)
            except NotInstalled as reason:
                missing[subject.name] = (f"not measured: {reason}", "")
            else:
                if number:  # the first round warms the disk cache
                    starts[subject.name].append(measured)
    rows = [
        (name, *(spread(values) for values in zip(*measured, strict=True)))
        for name, measured in starts.items()
    ]
    rows += ((name, *cells) for name, cells in missing.items())
    elapsed, by_cpu = (
        ratios([each[kind] for each in starts[MEMORY]], [each[kind] for each in starts[PRISM_NAME]])
        for kind in range(2)
    )
    return Section(
        "Start-up",
        f"""The time from the command to the first initialized session, on one core, in
{rounds} rounds; figures are medians, with the range in brackets.

{bars(Bar("start-up in memory, relative to Prism", elapsed, limit=1, by_cpu=by_cpu))}

{table(("start-up", "ms", "ms of CPU time"), rows)}
""",
    )
