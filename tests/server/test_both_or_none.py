"""A session and its recorded response are stored together, or neither is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import Table, create_engine, make_url
from tests.conftest import KEY, Serve
from tests.server.wire import SESSIONS, SYSTEM, read_collection, session_of

from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage.opening import open_storage, prepare_storage
from xclade_store_mock.storage.tables import COLLECTIONS, RECORDS

REFUSE = {
    "sqlite": "CREATE TRIGGER refuse BEFORE UPDATE ON {} BEGIN SELECT RAISE(ABORT, 'No.'); END",
    "postgresql": """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''No.''; END';
        CREATE TRIGGER refuse BEFORE UPDATE ON {} EXECUTE FUNCTION refuse();
    """,
}
ALLOW = {
    "sqlite": "DROP TRIGGER refuse",
    "postgresql": "DROP FUNCTION refuse CASCADE",
}


@contextmanager
def unchangeable(url: str, table: Table) -> Iterator[None]:
    """Make the database refuse to change a table."""
    given = make_url(url)
    driver = {"postgresql": "postgresql+psycopg"}.get(given.drivername, given.drivername)
    engine = create_engine(given.set(drivername=driver))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(REFUSE[engine.dialect.name].format(table.name))
        yield
        with engine.begin() as connection:
            connection.exec_driver_sql(ALLOW[engine.dialect.name])
    finally:
        engine.dispose()


@pytest.mark.parametrize("table", [COLLECTIONS, RECORDS])
def test_session_and_response_are_stored_together(
    serve: Serve, database_url: str, idempotency: dict[str, str], table: Table
) -> None:
    """If one of them cannot be stored, the other is not stored either; a retry stores both."""
    asyncio.run(prepare_storage(database_url, demo_store(datetime.now(UTC))))
    url = serve(storage=open_storage(database_url))
    with httpx.Client(base_url=url, headers=KEY) as client:
        earlier = session_of(client.post(SESSIONS, json=SYSTEM))
        with unchangeable(database_url, table):
            failed = client.post(SESSIONS, headers=idempotency, json=SYSTEM)
        between = read_collection(client)["payment_sessions"]
        retry = client.post(SESSIONS, headers=idempotency, json=SYSTEM)
        after = read_collection(client)["payment_sessions"]

    assert 500 == failed.status_code
    assert [earlier] == between
    assert "Idempotent-Replayed" not in retry.headers
    assert [session_of(retry)] == after
