"""Compare the mock with its peers, in one run and in turns."""

import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from tests.bench import subjects
from tests.bench.calls import CALLS, IDEMPOTENT, INITIALIZE, Call
from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.load import CONNECTIONS, Load, drive, drive_at_half, warm_up
from tests.bench.page import Section
from tests.bench.responses import find_fault
from tests.bench.subjects import Running, Subject, started
from tests.bench.tools import NotInstalled, install_wrk
from tests.databases import new_database, running_postgresql

SECONDS = 2
HALF = "at half load"
THE_MOCK = (subjects.MEMORY, subjects.SQLITE, subjects.POSTGRESQL)
INTRODUCTION = f"""Each server runs on the first cpu, one at a time under load; wrk, with
{CONNECTIONS} connections, and PostgreSQL, without fsync, run on the second. Each call is measured
in {{rounds}} rounds of {SECONDS} seconds; figures are medians, with the range in brackets.

All servers serve the same contract. Each response is checked against it, and the call repeated
until it gets no cheaper, before it is measured. Calls go to {subjects.COLLECTIONS} collections in
turn. The mock, Connexion and Starlette replace their sessions; WireMock matches headers and the
schema of the body, and fills in a template; Prism, Mockoon and Specmatic return an example. At half
load the connections pause at random, so that about half as many calls are made. While other
programs run, the server's CPU time per call (without that of a database server) is more reliable
than its calls per second.

WireMock compiles itself for about 20 s of CPU time, until it is fully warmed up; then even
Starlette alone is less than twice as fast. What a run of tests has of it is under "Waiting times".
"""
MAIN_HEADER = (
    INITIALIZE.title,
    "calls/s",
    "p50, ms",
    "p99, ms",
    "p99 at half load, ms",
    "half load",
    "µs of CPU time",
)

Loads = dict[str, list[Load]]
"""By call, one per round."""


@contextmanager
def all_subjects() -> Iterator[list[Subject]]:
    """Yield the servers to measure, with a store and databases without fsync."""
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
            subjects.wiremock(),
            subjects.specmatic(),
            subjects.mockoon(),
            subjects.stock(store),
            subjects.bare(store),
        ]


@dataclass
class Result:
    """The figures of a server, and why other calls were not measured."""

    loads: Loads = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, str] = field(default_factory=dict)

    def rates(self, title: str = INITIALIZE.title) -> list[float]:
        """Return the calls per second, round by round."""
        return [load.rate for load in self.loads[title]]

    def format_rate(self, call: Call) -> str:
        """Format the calls per second, or why they were not measured."""
        return self.faults.get(call.title) or spread(self.rates(call.title))

    def row(self) -> list[str]:
        """Return the cells of the main operation's table."""
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
            spread([load.cpu for load in whole]),
        ]


Results = Mapping[str, Result]
"""By server."""


def compare(chosen: list[Subject], rounds: int) -> Results:
    """Start all servers, check their responses, and measure them one after the other, in rounds."""
    results = {subject.name: Result() for subject in chosen}
    with ExitStack() as stack:
        running = {}
        for subject in chosen:
            try:
                server = stack.enter_context(started(subject))
            except NotInstalled as reason:
                results[subject.name].faults = {call.title: str(reason) for call in CALLS}
            else:
                running[server] = [*correct_calls(server, results[subject.name])]
        for server, calls in running.items():
            if INITIALIZE in calls:
                warm_up(server, INITIALIZE)
        for number in range(rounds):
            sys.stderr.write(f"Round {number + 1} of {rounds} ...\n")
            for call in CALLS:
                measure_round(call, [each for each in running if call in running[each]], results)
    return results


def correct_calls(server: Running, result: Result) -> Iterator[Call]:
    """Yield the calls that a server handles correctly; record the faults of the others."""
    for call in CALLS:
        is_supported = call is not IDEMPOTENT or server.name in THE_MOCK
        fault = find_fault(server.url, call) if is_supported else "not supported"
        if fault is None:
            yield call
        else:
            result.faults[call.title] = fault


def measure_round(call: Call, servers: list[Running], results: Results) -> None:
    """Measure one call on one server after the other."""
    for server in servers:
        results[server.name].loads[call.title].append(drive(server, call, SECONDS))
    if call is INITIALIZE:
        for server in servers:
            loads = results[server.name].loads
            rate = loads[call.title][-1].rate
            loads[HALF].append(drive_at_half(server, call, SECONDS, rate))


def comparisons(results: Results) -> list[Bar]:
    """Return the bars of the main operation."""
    memory = results[subjects.MEMORY]
    slow = [load.p99 for load in memory.loads[HALF]]
    prism = [load.p50 for load in results[subjects.PRISM_NAME].loads[INITIALIZE.title]]
    return [
        *(
            speed_bar(f"calls/s in memory, relative to {name}", memory, results[name], limit)
            for name, limit in (
                (subjects.PRISM_NAME, 5),
                (subjects.WIREMOCK, 2),
                (subjects.STOCK, 2),
                (subjects.BARE, 0.45),
            )
        ),
        *(
            speed_bar(f"calls/s of {name}, relative to memory", results[name], memory, limit)
            for name, limit in ((subjects.SQLITE, 0.6), (subjects.POSTGRESQL, 0.4))
        ),
        *(
            speed_bar(
                f"calls/s {IDEMPOTENT.title} of {name}, relative to memory",
                results[name],
                memory,
                limit,
                IDEMPOTENT,
            )
            for name, limit in ((subjects.SQLITE, 0.5), (subjects.POSTGRESQL, 0.3))
        ),
        Bar(
            "p99 at half load in memory, relative to Prism's p50 at full load",
            ratios(slow, prism) if prism else (),
            limit=1,
        ),
    ]


def speed_bar(
    figure: str, result: Result, other: Result, limit: float, call: Call = INITIALIZE
) -> Bar:
    """Return the bar for a server's speed relative to another's, if both were measured."""
    loads, others = (each.loads[call.title] for each in (result, other))
    if not loads or not others:
        return Bar(figure, (), limit, at_least=True)
    by_cpu = ratios([load.cpu for load in others], [load.cpu for load in loads])
    rates = ratios(result.rates(call.title), other.rates(call.title))
    return Bar(figure, rates, limit, at_least=True, by_cpu=by_cpu)


def measure(rounds: int) -> Section:
    """Measure, and return the section of the page."""
    install_wrk()
    with all_subjects() as chosen:
        results = compare(chosen, rounds)
    rows = ([name, *result.row()] for name, result in results.items())
    others = [call for call in CALLS if call is not INITIALIZE]
    other_rows = ([name, *map(result.format_rate, others)] for name, result in results.items())
    return Section(
        "The server",
        f"""{INTRODUCTION.format(rounds=rounds)}

{bars(*comparisons(results))}

{table(MAIN_HEADER, rows)}

{table(("other calls per second", *(call.title for call in others)), other_rows)}
""",
    )
