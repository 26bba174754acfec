"""Databases that fail in use: documented responses, no loss, recovery without a restart."""

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psycopg
import pytest
from tests.conftest import KEY
from tests.databases import POSTGRESQL, SQLITE, database_name
from tests.server.command import running
from tests.server.storage.disks import Disk
from tests.server.wire import PROVIDERS, SESSIONS, SYSTEM, read_collection, session_of

from xclade_store_mock.dialects import DIALECTS, MEDUSA
from xclade_store_mock.web.dialect import Dialect

SHOWN = (
    500,
    "unexpected_state",
    "api_error",
    "The store's storage is not available. Try again in a moment.",
)
HIDDEN = (500, "unknown_error", "unknown_error", "An unknown error occurred.")
LOGGED = " ERROR The storage is not available: "
LARGE = {**SYSTEM, "data": {"x": os.urandom(40_000).hex()}}
"""A body that needs new space in a database; it cannot be compressed."""


def error_of(response: httpx.Response) -> tuple[int, str, str, str]:
    """Return the status, type, code and message of an error."""
    body = response.json()
    return response.status_code, body["type"], body["code"], body["message"]


@pytest.fixture
def sqlite_on_disk(small_disk: Disk) -> str:
    """Return the URL of a database on the small disk."""
    return f"sqlite:///{small_disk.folder}/store.db"


@pytest.fixture
def postgresql_on_disk(
    postgresql_server: str, postgresql_url: str, small_disk: Disk
) -> Iterator[str]:
    """Move a database's tables to the small disk, but not the server's write-ahead log."""
    name = database_name(postgresql_url)
    space = f"xclade_test_{uuid.uuid4().hex}"
    folder = small_disk.folder / "tables"
    folder.mkdir()
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        found = server.execute("SHOW data_directory").fetchone()
        assert found
        if not Path(found[0]).is_dir():
            pytest.skip("the PostgreSQL server is not on this machine")
        owner = Path(found[0]).stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        server.execute(f"CREATE TABLESPACE {space} LOCATION '{folder}'")
        server.execute(f"ALTER DATABASE {name} SET TABLESPACE {space}")
        yield postgresql_url
        server.execute(f"ALTER DATABASE {name} SET TABLESPACE pg_default")
        server.execute(f"DROP TABLESPACE {space}")


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def url_on_disk(request: pytest.FixtureRequest) -> str:
    """Return the URL of a database of either kind on the small disk."""
    url: str = request.getfixturevalue(f"{request.param}_on_disk")
    return url


def test_full_disk(small_disk: Disk, url_on_disk: str) -> None:
    """A full disk loses nothing, and the same request succeeds once there is space."""
    with (
        running("--storage", url_on_disk) as server,
        httpx.Client(base_url=server.url, headers=KEY) as client,
    ):
        before = session_of(client.post(SESSIONS, json=SYSTEM))
        if url_on_disk.startswith("postgresql"):
            prevent_connections(url_on_disk)
        small_disk.fill()
        for number in range(200):
            idempotency = {"Idempotency-Key": f"key-{number}"}
            failed = client.post(SESSIONS, json=LARGE, headers=idempotency)
            if not failed.is_success:
                break
            before = session_of(failed)

        assert SHOWN == error_of(failed)
        assert [before] == read_collection(client)["payment_sessions"]
        assert 200 == client.get(PROVIDERS, params={"region_id": "reg_demo"}).status_code

        small_disk.make_room()
        again = session_of(client.post(SESSIONS, json=LARGE, headers=idempotency))

        assert LARGE["data"] == again["data"]
        assert [again] == read_collection(client)["payment_sessions"]
        (line,) = server.stop()
    assert LOGGED in line
    if url_on_disk.startswith("sqlite"):
        with closing(sqlite3.connect(small_disk.folder / "store.db")) as database:
            assert [("ok",)] == database.execute("PRAGMA integrity_check").fetchall()


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize(
    ("change", "back", "readable"),
    [
        ("SET default_transaction_read_only = on", "RESET default_transaction_read_only", True),
        ("ALLOW_CONNECTIONS false", "ALLOW_CONNECTIONS true", False),
    ],
    ids=["read-only", "unreachable"],
)
def test_unavailable_database(
    postgresql_server: str,
    postgresql_url: str,
    dialect: Dialect,
    change: str,
    back: str,
    readable: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Each request fails until the database is back; then the server works again."""
    name = database_name(postgresql_url)
    with (
        running("--storage", postgresql_url, "--dialect", dialect.name) as server,
        httpx.Client(base_url=server.url, headers=KEY) as client,
    ):
        before = session_of(client.post(SESSIONS, json=SYSTEM))

        change_database(postgresql_server, f"{name} {change}")
        failed = [client.post(SESSIONS, json=SYSTEM) for _ in range(4)]
        reading = client.get(PROVIDERS, params={"region_id": "reg_demo"})
        change_database(postgresql_server, f"{name} {back}")
        again = client.post(SESSIONS, json=SYSTEM)

        assert {HIDDEN if dialect is MEDUSA else SHOWN} == {error_of(each) for each in failed}
        assert readable == reading.is_success
        assert before["id"] != session_of(again)["id"]
        assert [session_of(again)] == read_collection(client)["payment_sessions"]
        lines = server.stop()
    assert [] == [each for each in lines if LOGGED not in each]


def prevent_connections(url: str) -> None:
    """Make a database whose disk is full refuse new connections, as may happen at any time.

    Vacuuming its catalog drops a file that the next connection must write.
    """
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("VACUUM pg_class")


def change_database(server_url: str, change: str) -> None:
    """Change a database for new connections, and end the existing ones."""
    name = change.split(maxsplit=1)[0]
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {change}")
        server.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [name],
        )
