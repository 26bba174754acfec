"""What a call asks a database, and how the database finds it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
from sqlalchemy import Select, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.sql.compiler import SQLCompiler
from tests.conftest import KEY, Serve
from tests.server.wire import COLLECTIONS, SESSIONS, SYSTEM

from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage.databases import Change, Connection, Database, Statement
from xclade_store_mock.storage.opening import open_database, prepare_storage
from xclade_store_mock.storage.sql import SqlStorage

T = TypeVar("T")

Said = tuple[Statement, Mapping[str, Any]]

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}
# Of the store there is one row, to be found without an index.
SCAN = re.compile(r"(?:Seq Scan on|SCAN) xclade_mock_(?!store\b)\w+")


@dataclass
class OverheardConnection:
    """A connection, and what is said on it."""

    connection: Connection
    heard: list[Said]

    async def row(self, statement: Statement, **values: Any) -> Sequence[Any] | None:
        """Pass it on."""
        self.heard.append((statement, values))
        return await self.connection.row(statement, **values)

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]:
        """Pass it on."""
        self.heard.append((statement, values))
        return await self.connection.rows(statement, **values)

    async def change(self, statement: Statement, **values: Any) -> int:
        """Pass it on."""
        self.heard.append((statement, values))
        return await self.connection.change(statement, **values)

    async def row_for_each(
        self, statement: Select[Any], values: Sequence[Mapping[str, Any]]
    ) -> Sequence[Sequence[Any] | None]:
        """Pass it on, and note the first."""
        self.heard.append((statement, values[0]))
        return await self.connection.row_for_each(statement, values)

    async def change_for_each(
        self, statement: Change, values: Sequence[Mapping[str, Any]]
    ) -> Sequence[bool]:
        """Pass it on, and note the first."""
        self.heard.append((statement, values[0]))
        return await self.connection.change_for_each(statement, values)

    async def has_table(self, name: str) -> bool:
        """Pass it on."""
        return await self.connection.has_table(name)


@dataclass
class OverheardDatabase:
    """A database, and what is said to it."""

    database: Database
    heard: list[Said] = field(default_factory=list)

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Pass it on, and listen."""
        return await self.database.run(lambda it: work(OverheardConnection(it, self.heard)))

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Pass it on, and listen."""
        return await self.database.transact(lambda it: work(OverheardConnection(it, self.heard)))

    async def take(self, name: str) -> bool:
        """Pass it on."""
        return await self.database.take(name)

    async def release(self, name: str) -> None:
        """Pass it on."""
        await self.database.release(name)

    async def close(self) -> None:
        """Pass it on."""
        await self.database.close()


def explain(url: str, statements: Sequence[Said]) -> str:
    """Let the database tell how it goes about statements."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    name = engine.dialect.name
    lines = []
    with engine.connect() as connection:
        if name == "postgresql":
            # Otherwise it does not look for an index in a small table.
            connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, values in statements:
            compiled = statement.compile(dialect=engine.dialect)
            assert isinstance(compiled, SQLCompiler)
            names = compiled.positiontup
            parameters = values if names is None else tuple(values[each] for each in names)
            plan = connection.exec_driver_sql(f"{EXPLAIN[name]} {compiled}", parameters)
            lines += [str(row) for row in plan]
    engine.dispose()
    return "\n".join(lines)


def test_rows_are_found_by_an_index(
    serve: Serve, database_url: str, idempotency: dict[str, str]
) -> None:
    """No call takes longer because more carts, collections or answers are stored."""
    asyncio.run(prepare_storage(database_url, demo_store(datetime.now(UTC))))
    database = OverheardDatabase(open_database(make_url(database_url)))
    url = serve(storage=SqlStorage(database))
    with httpx.Client(base_url=url, headers=KEY) as client:
        client.post(COLLECTIONS, json={"cart_id": "cart_new"}).raise_for_status()
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        for _ in range(2):
            client.post(SESSIONS, json=SYSTEM, headers=idempotency).raise_for_status()

    plan = explain(database_url, database.heard)

    assert "xclade_mock_payment_collections" in plan
    assert [] == SCAN.findall(plan)
