"""How a database finds the rows that a call needs."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.databases import OLDER_POSTGRESQL, POSTGRESQL
from tests.server.storage.examples import NOW, SEED, answered, cart, collection, record
from tests.server.wire import COLLECTIONS, SESSIONS, SYSTEM

from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage import (
    Connection,
    Database,
    DatabaseUrl,
    Row,
    open_database,
    prepare_storage,
)
from xclade_store_mock.storage.sql import SqlStorage

Run = tuple[str, Row]
"""A statement and its values."""

SCAN = re.compile(r"(?:Seq Scan on|SCAN) xclade_mock_\w+")


class RecordingConnection:
    """Passes everything on to a connection, and records the statements."""

    def __init__(self, connection: Connection, runs: list[Run]) -> None:
        self._connection = connection
        self._runs = runs

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Return a method of the connection that records its statement, if it has one."""
        method: Callable[..., Awaitable[Any]] = getattr(self._connection, name)

        async def record(*arguments: Any) -> Any:
            if name in {"row", "lock_row", "rows", "change"}:
                self._runs.append((arguments[0], arguments[1:]))
            elif name == "row_for_each":
                self._runs.append((arguments[0], arguments[1][:1]))
            elif name == "change_for_each":
                self._runs += [(arguments[0], each) for each in arguments[1][:1]]
            return await method(*arguments)

        return record


class RecordingDatabase:
    """Passes everything on to a database, and records the statements."""

    def __init__(self, database: Database) -> None:
        self.runs: list[Run] = []
        self._database = database

    def __getattr__(self, name: str) -> Any:
        """Return a method of the database, whose queries get a recording connection."""
        method = getattr(self._database, name)
        if name not in {"run", "transact"}:
            return method
        return lambda query: method(lambda it: query(RecordingConnection(it, self.runs)))


def explain(url: str, runs: Sequence[Run], command: str) -> str:
    """Return the plans of statements, as the storage's own connections make them."""
    database = open_database(DatabaseUrl.parse(url))

    async def explain(connection: Connection) -> list[Row]:
        plans = [await connection.rows(f"{command} {run[0]}", *run[1]) for run in runs]
        return [row for plan in plans for row in plan]

    async def explain_and_close() -> list[Row]:
        rows = await database.transact(explain)
        await database.close()
        return rows

    return "\n".join(str(tuple(row)) for row in asyncio.run(explain_and_close()))


async def use(storage: SqlStorage) -> None:
    """Run every statement of a storage."""
    await storage.prepare(SEED)
    await storage.prepare(SEED)
    await storage.reset(SEED)
    await storage.settings()
    await storage.change_settings(lambda it: it)
    await storage.carts(10)
    await storage.put_cart(cart("cart_1"), NOW)
    await storage.collection("pay_col_1")
    await storage.collections(10)
    await storage.add_collection(collection("pay_col_x"))
    await storage.collection_of_cart("cart_new", lambda it: collection("pay_col_new", it.id))
    opened, other = record("a"), record("b")
    async with storage.claim(opened.scope), storage.hold("pay_col_1") as held:
        await storage.open_record(opened, NOW)
        await storage.open_record(other, NOW)
        await storage.record(opened.scope)
        await storage.keep_answer(answered(other))
        await held.keep(held.collection)
        await held.keep(held.collection, answered(opened))
    await storage.close()


@pytest.mark.parametrize("kind", ["sqlite", POSTGRESQL, OLDER_POSTGRESQL])
def test_calls_find_rows_by_an_index(
    serve: Serve, idempotency: dict[str, str], kind: str, request: pytest.FixtureRequest
) -> None:
    """No call takes longer because more carts, collections or records are stored."""
    url: str = request.getfixturevalue(f"{kind}_url")
    database = RecordingDatabase(open_database(DatabaseUrl.parse(url)))
    asyncio.run(prepare_storage(url, demo_store(NOW)))
    with httpx.Client(base_url=serve(storage=SqlStorage(database)), headers=KEY) as client:
        client.post(COLLECTIONS, json={"cart_id": "cart_new"}).raise_for_status()
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        for _ in range(2):
            client.post(SESSIONS, json=SYSTEM, headers=idempotency).raise_for_status()

    command = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
    plans = explain(url, database.runs, command)

    assert "xclade_mock_payment_collections" in plans
    assert [] == SCAN.findall(plans)


@pytest.mark.parametrize("kind", [POSTGRESQL, OLDER_POSTGRESQL])
def test_no_statement_is_compiled(kind: str, request: pytest.FixtureRequest) -> None:
    """PostgreSQL compiles a statement in 0.1 s, a hundred times as long as it takes to run."""
    url: str = request.getfixturevalue(f"{kind}_url")
    database = RecordingDatabase(open_database(DatabaseUrl.parse(url)))
    asyncio.run(use(SqlStorage(database)))

    runs = [run for run in database.runs if run[0] not in database.create_tables]
    plans = explain(url, runs, "EXPLAIN")

    assert "xclade_mock_idempotency_records" in plans
    assert "JIT" not in plans
