"""What a call asks a database, and how the database finds it."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import Engine, create_engine, event
from tests.conftest import KEY, Serve
from tests.server.wire import COLLECTIONS, SESSIONS, SYSTEM

from xclade_store_mock.storage.opening import open_storage, prepare_storage
from xclade_store_mock.store_file import demo_store

Statement = tuple[str, Any]

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}
# Of the store there is one row, to be found without an index.
SCAN = re.compile(r"(?:Seq Scan on|SCAN) xclade_mock_(?!store\b)\w+")


@contextmanager
def overheard() -> Iterator[list[Statement]]:
    """Listen to all that is asked of databases, with its parameters."""
    heard: list[Statement] = []

    def hear(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def explain(url: str, statements: Sequence[Statement]) -> str:
    """Let the database tell how it goes about statements."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    name = engine.dialect.name
    lines = []
    with engine.connect() as connection:
        if name == "postgresql":
            # Otherwise it does not look for an index in a small table.
            connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, parameters in statements:
            if re.match("SELECT|INSERT|UPDATE|DELETE", statement):
                plan = connection.exec_driver_sql(f"{EXPLAIN[name]} {statement}", parameters)
                lines += [str(row) for row in plan]
    engine.dispose()
    return "\n".join(lines)


def test_rows_are_found_by_an_index(
    serve: Serve, database_url: str, idempotency: dict[str, str]
) -> None:
    """No call takes longer because more carts, collections or answers are stored."""
    asyncio.run(prepare_storage(database_url, demo_store(datetime.now(UTC))))
    url = serve(storage=open_storage(database_url))
    with overheard() as statements, httpx.Client(base_url=url, headers=KEY) as client:
        client.post(COLLECTIONS, json={"cart_id": "cart_new"}).raise_for_status()
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        for _ in range(2):
            client.post(SESSIONS, json=SYSTEM, headers=idempotency).raise_for_status()

    plan = explain(database_url, statements)

    assert "xclade_mock_payment_collections" in plan
    assert [] == SCAN.findall(plan)
