"""Measures the mock beside its peers, all in one run and in turns."""

import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.bench import subjects
from tests.bench.answers import find_fault
from tests.bench.calls import CALLS, IDEMPOTENT, INITIALIZE, Call
from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.load import CONNECTIONS, Load, drive, drive_at_half
from tests.bench.page import Section
from tests.bench.subjects import Running, Subject, started
from tests.bench.tools import NotInstalled, install_wrk
from tests.databases import new_database, running_postgresql

SECONDS = 2
HALF = "at half load"
THE_MOCK = (subjects.MEMORY, subjects.SQLITE, subjects.POSTGRESQL)
INTRODUCTION = f"""Every server on the first core, one at a time under load; on the second wrk,
with {CONNECTIONS} connections, and PostgreSQL, which does not wait for the disk. For each call
{{rounds}} rounds of {SECONDS} seconds; medians, and in brackets the least and the most.

All serve the same contract, and each call was checked to be answered as the contract has it before
it was measured. Calls go to {subjects.COLLECTIONS} collections in turns. The mock, Connexion and
Starlette replace their sessions; Prism and Mockoon answer an example. At half load the connections
pause, by chance, so that about half as many calls come. What a server takes of its core for a call,
database servers not counted, tells more than its calls per second while other programs run."""
MAIN_HEADER = (
    INITIALIZE.title,
    "calls/s",
    "p50, ms",
    "p99, ms",
    "p99 at half load, ms",
    "half load",
    "µs of the core",
)

Loads = dict[str, list[Load]]
"""By call, one for each round."""


@contextmanager
def all_subjects() -> Iterator[list[Subject]]:
    """Make what the servers need: a store, databases that do not wait for the disk."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        store = Path(folder) / "store.json"
        subjects.write_store(store)
        postgresql = stack.enter_context(
            running_postgresql(tempfile.mkdtemp(prefix="xclade-postgresql-"))
        )
        with psycopg.connect(postgresql.get_uri(), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        database = stack.enter_context(new_database(postgresql.get_uri()))
        seeded = ("--seed", store, "--storage")
        yield [
            subjects.mock(subjects.MEMORY, *seeded, "memory"),
            subjects.mock(subjects.SQLITE, *seeded, f"sqlite:///{folder}/mock.db"),
            subjects.mock(subjects.POSTGRESQL, *seeded, database),
            subjects.prism(),
            subjects.mockoon(),
            subjects.stock(store),
            subjects.bare(store),
        ]


@dataclass
class Result:
    """What was measured of a server, and why other things were not."""

    loads: Loads = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, str] = field(default_factory=dict)

    def rates(self, title: str = INITIALIZE.title) -> list[float]:
        """Answer the calls per second, round by round."""
        return [load.rate for load in self.loads[title]]

    def raw(self) -> dict[str, Any]:
        """Answer all of it as JSON."""
        loads = {title: [load._asdict() for load in each] for title, each in self.loads.items()}
        return {"loads": loads, "faults": self.faults}

    def tell_rate(self, call: Call) -> str:
        """Tell calls per second, or why there are none."""
        return self.faults.get(call.title) or spread(self.rates(call.title))

    def row(self) -> list[str]:
        """Tell how the main operation did."""
        if INITIALIZE.title in self.faults:
            return [f"not measured: {self.faults[INITIALIZE.title]}", *[""] * 5]
        whole, half = self.loads[INITIALIZE.title], self.loads[HALF]
        share = statistics.median(ratios([each.rate for each in half], self.rates()))
        return [
            spread(self.rates()),
            spread([load.p50 for load in whole], 1),
            spread([load.p99 for load in whole], 1),
            spread([load.p99 for load in half], 1),
            f"{share:.0%}",
            spread([load.core for load in whole]),
        ]


Results = Mapping[str, Result]
"""By server."""


def compare(chosen: list[Subject], rounds: int) -> Results:
    """Start all servers, check their answers, and drive one after the other, in rounds."""
    results = {subject.name: Result() for subject in chosen}
    with ExitStack() as stack:
        running = {}
        for subject in chosen:
            try:
                server = stack.enter_context(started(subject))
            except NotInstalled as reason:
                results[subject.name].faults = {call.title: str(reason) for call in CALLS}
            else:
                running[server] = [*sound_calls(server, results[subject.name])]
        for server, calls in running.items():
            if INITIALIZE in calls:
                drive(server, INITIALIZE, seconds=1)  # warms up
        for number in range(rounds):
            sys.stderr.write(f"Round {number + 1} of {rounds} ...\n")
            for call in CALLS:
                measure_round(call, [each for each in running if call in running[each]], results)
    return results


def sound_calls(server: Running, result: Result) -> Iterator[Call]:
    """Choose the calls that a server answers rightly; note what is wrong with the others."""
    for call in CALLS:
        fault = find_fault(server.url, call)
        if call is IDEMPOTENT and server.name not in THE_MOCK:
            fault = "keeps no answers"
        if fault is None:
            yield call
        else:
            result.faults[call.title] = fault


def measure_round(call: Call, servers: list[Running], results: Results) -> None:
    """Drive one server after the other with a call."""
    for server in servers:
        results[server.name].loads[call.title].append(drive(server, call, SECONDS))
    if call is INITIALIZE:
        for server in servers:
            loads = results[server.name].loads
            rate = loads[call.title][-1].rate
            loads[HALF].append(drive_at_half(server, call, SECONDS, rate))


def aims(results: Results) -> list[Bar]:
    """Hold the figures to their bars."""
    memory = results[subjects.MEMORY]
    slow = [load.p99 for load in memory.loads[HALF]]
    prism = [load.p50 for load in results[subjects.PRISM_NAME].loads[INITIALIZE.title]]
    return [
        *(
            as_fast(f"calls/s in memory, of those of {name}", memory, results[name], limit)
            for name, limit in (
                (subjects.PRISM_NAME, 5),
                (subjects.STOCK, 2),
                (subjects.BARE, 0.45),
            )
        ),
        *(
            as_fast(f"calls/s of {name}, of those in memory", results[name], memory, limit)
            for name, limit in ((subjects.SQLITE, 0.6), (subjects.POSTGRESQL, 0.4))
        ),
        Bar(
            "p99 at half load in memory, of Prism's p50 at full load",
            ratios(slow, prism) if prism else (),
            limit=1,
        ),
    ]


def as_fast(figure: str, result: Result, other: Result, limit: float) -> Bar:
    """Hold a server's speed to another's, if both were measured."""
    loads, others = (each.loads[INITIALIZE.title] for each in (result, other))
    if not loads or not others:
        return Bar(figure, (), limit, at_least=True)
    by_core = ratios([load.core for load in others], [load.core for load in loads])
    return Bar(figure, ratios(result.rates(), other.rates()), limit, at_least=True, by_core=by_core)


def measure(rounds: int) -> Section:
    """Measure and tell."""
    install_wrk()
    with all_subjects() as chosen:
        results = compare(chosen, rounds)
    rows = ([name, *result.row()] for name, result in results.items())
    others = [call for call in CALLS if call is not INITIALIZE]
    other_rows = ([name, *map(result.tell_rate, others)] for name, result in results.items())
    return Section(
        "The server",
        f"""{INTRODUCTION.format(rounds=rounds)}

{bars(*aims(results))}

{table(MAIN_HEADER, rows)}

{table(("other calls per second", *(call.title for call in others)), other_rows)}
""",
        {name: result.raw() for name, result in results.items()},
    )
