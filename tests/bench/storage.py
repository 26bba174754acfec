"""Measure what a call costs with many stored rows, compared with few."""

import http.client
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

import psycopg
from tests.bench.figures import table
from tests.bench.filling import fill
from tests.bench.page import Section
from tests.bench.subjects import mock, started
from tests.conftest import KEY
from tests.databases import database_name, new_database, running_postgresql

FEW = 100
MANY = 1_000_000
CALLS = 40
NEW_CARTS = 10_000
AIM = 1.3


@dataclass
class Served:
    """A server, and calls of it on random collections."""

    rows: int
    server: int
    connection: http.client.HTTPConnection
    backends: Callable[[], list[int]]
    new_carts: Iterator[int]
    random: Random = field(default_factory=lambda: Random(1))

    def call(self, method: str, path: str, body: object = None, **headers: str) -> None:
        """Make a call that must succeed."""
        content = None if body is None else json.dumps(body)
        # The server would close an idle connection while the other server is measured.
        headers = {**KEY, "Content-Type": "application/json", "Connection": "close", **headers}
        self.connection.request(method, path, content, headers)
        response = self.connection.getresponse()
        answer = response.read()
        assert response.status == http.HTTPStatus.OK, answer

    def initialize(self, **headers: str) -> None:
        """Initialize a session of a random collection."""
        collection = f"pay_col_{self.random.randint(1, self.rows)}"
        path = f"/store/payment-collections/{collection}/payment-sessions"
        self.call("POST", path, {"provider_id": "pp_system_default"}, **headers)

    def initialize_with_key(self) -> None:
        """Initialize a session with an idempotency key."""
        self.initialize(**{"Idempotency-Key": uuid.uuid4().hex})

    def list_providers(self) -> None:
        """List payment providers."""
        self.call("GET", "/store/payment-providers?region_id=reg_demo")

    def create(self) -> None:
        """Create the collection of a cart without one."""
        self.call("POST", "/store/payment-collections", {"cart_id": f"cart_{next(self.new_carts)}"})

    def cpu(self) -> float:
        """Return the CPU time of the server and its database processes, in microseconds."""
        spent = 0
        for pid in (self.server, *self.backends()):
            spent += int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0])
        return spent / 1e3


class Cost(NamedTuple):
    """What a call took, in microseconds: until the response, and of CPU time."""

    elapsed: float
    cpu: float


Pair = tuple[Served, Served]
Costs = dict[str, list[tuple[Cost, Cost]]]

CALLED: dict[str, Callable[[Served], None]] = {
    "initialize_payment_session": Served.initialize,
    "… with an idempotency key": Served.initialize_with_key,
    "create_payment_collection": Served.create,
    "list_payment_providers": Served.list_providers,
}


@contextmanager
def serving(url: str, rows: int, backends: Callable[[], list[int]]) -> Iterator[Served]:
    """Serve a store with this many collections."""
    fill(url, rows, NEW_CARTS)
    with started(mock("the mock", "--storage", url)) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        yield Served(rows, server.pid, connection, backends, count(rows + 1))


def measure_calls(pair: Pair, call: Callable[[Served], None]) -> tuple[Cost, Cost]:
    """Make calls of both servers in turn; return the cost of one call of each."""
    spent = [-served.cpu() for served in pair]
    elapsed = [0.0, 0.0]
    for _ in range(CALLS):
        for side, served in enumerate(pair):
            began = time.perf_counter()
            call(served)
            elapsed[side] += time.perf_counter() - began
    few, many = (
        Cost(elapsed[side] * 1e6 / CALLS, (spent[side] + served.cpu()) / CALLS)
        for side, served in enumerate(pair)
    )
    return few, many


def compare(pair: Pair, rounds: int) -> Costs:
    """Measure all calls, in rounds."""
    costs: Costs = {name: [] for name in CALLED}
    for number in range(rounds + 1):
        for name, call in CALLED.items():
            measured = measure_calls(pair, call)
            if number:  # the first round warms up
                costs[name].append(measured)
    return costs


def compared(title: str, costs: Costs) -> str:
    """Return a table of medians, and of the medians of the ratios."""
    header = (title, f"{FEW} collections", f"{MANY:,}", "x", "x in time on the servers' cores")
    return table(header, (row(name, pairs) for name, pairs in costs.items()))


def row(name: str, pairs: list[tuple[Cost, Cost]]) -> tuple[str, ...]:
    """Return the cells of a call."""
    few, many = (statistics.median(each[side].elapsed for each in pairs) for side in (0, 1))
    ratio = statistics.median(many.elapsed / few.elapsed for few, many in pairs)
    cpu = statistics.median(many.cpu / few.cpu for few, many in pairs)
    return (name, f"{few:.0f} µs", f"{many:.0f} µs", f"{ratio:.2f}", f"{cpu:.2f}")


def on_sqlite(rounds: int) -> Costs:
    """Compare two SQLite files."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        few, many = (
            stack.enter_context(serving(f"sqlite:///{folder}/{rows}.db", rows, list))
            for rows in (FEW, MANY)
        )
        return compare((few, many), rounds)


def on_postgresql(rounds: int) -> Costs:
    """Compare two PostgreSQL databases; the server does not wait for the disk."""
    with ExitStack() as stack:
        folder = tempfile.mkdtemp(prefix="xclade-postgresql-")
        server = stack.enter_context(running_postgresql(folder))
        admin = stack.enter_context(psycopg.connect(server.get_uri(), autocommit=True))
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")
        few, many = (
            stack.enter_context(on_database(server.get_uri(), admin, rows)) for rows in (FEW, MANY)
        )
        return compare((few, many), rounds)


@contextmanager
def on_database(
    server_url: str, admin: psycopg.Connection[tuple[int]], rows: int
) -> Iterator[Served]:
    """Serve a new database."""
    with new_database(server_url) as url:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"

        def backends() -> list[int]:
            found = admin.execute(query, [database_name(url)])
            return [pid for (pid,) in found]

        with serving(url, rows, backends) as served:
            yield served


def measure(rounds: int) -> Section:
    """Return the measured section."""
    sqlite, postgresql = on_sqlite(rounds), on_postgresql(rounds)
    return Section(
        "Storage",
        f"""What a call costs with {MANY:,} stored collections, each with a cart, a session and
a kept answer, beside what it costs with {FEW}. Two servers in turns, {rounds} rounds of
{CALLS} calls; medians, and medians of the ratios, which are to stay below {AIM}.

{compared("SQLite", sqlite)}

{compared("PostgreSQL", postgresql)}
""",
    )
