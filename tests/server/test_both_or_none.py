"""A session and its recorded response are stored together, or neither is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.databases import execute
from tests.server.wire import SESSIONS, SYSTEM, read_collection, session_of

from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage import open_storage, prepare_storage

REFUSE = {
    "sqlite": "CREATE TRIGGER refuse BEFORE UPDATE ON {} BEGIN SELECT RAISE(ABORT, 'No.'); END",
    "postgresql": """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''No.''; END';
        CREATE TRIGGER refuse BEFORE UPDATE ON {} EXECUTE FUNCTION refuse();
    """,
}
ALLOW = {"sqlite": "DROP TRIGGER refuse", "postgresql": "DROP FUNCTION refuse CASCADE"}


@contextmanager
def unchangeable(url: str, table: str) -> Iterator[None]:
    """Make the database refuse to change rows of a table."""
    kind = url.partition(":")[0]
    execute(url, REFUSE[kind].format(table))
    yield
    execute(url, ALLOW[kind])


@pytest.mark.parametrize(
    "table", ["xclade_mock_payment_collections", "xclade_mock_idempotency_records"]
)
def test_session_and_response_are_stored_together(
    serve: Serve, database_url: str, idempotency: dict[str, str], table: str
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
