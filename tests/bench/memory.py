"""Measure the memory of the servers before and after many calls."""

import tempfile
from pathlib import Path

from tests.bench.calls import INITIALIZE
from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.load import drive
from tests.bench.page import Section
from tests.bench.subjects import (
    COLLECTIONS,
    MEMORY,
    SQLITE,
    Subject,
    mock,
    prism,
    started,
    write_store,
)
from tests.bench.tools import install_wrk

CALLS = 100_000
SECONDS = 5


def resident(subject: Subject) -> tuple[float, float]:
    """Return the resident memory in MB, after the first call and after all calls."""
    with started(subject) as server:
        idle, made = server.resident(), 0
        while made < CALLS:
            made += drive(server, INITIALIZE, SECONDS).calls
        return idle, server.resident()


def measure(rounds: int) -> Section:
    """Measure, and return the section of the page."""
    install_wrk()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store.json"
        write_store(store)
        seeded = ("--seed", store, "--storage")
        chosen = (
            mock(MEMORY, *seeded, "memory"),
            mock(SQLITE, *seeded, f"sqlite:///{folder}/mock.db"),
            prism(),
        )
        held = {each.name: [resident(each) for _ in range(rounds)] for each in chosen}
    idle, after = zip(*held[MEMORY], strict=True)
    aims = (
        Bar("MB after the first call, in memory", idle, 95),
        Bar(f"after {CALLS:,} calls, relative to that", ratios(after, idle), 1.1),
    )
    rows = (
        (name, *(spread(values) for values in zip(*pairs, strict=True)))
        for name, pairs in held.items()
    )
    return Section(
        "Memory",
        f"""The resident memory of a server's process. Each call replaces a session; the calls go to
{COLLECTIONS} collections in turn.

{bars(*aims)}

{table(("resident memory", "MB after the first call", f"MB after {CALLS:,}"), rows)}
""",
    )
