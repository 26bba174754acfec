"""What `serve` prints when it cannot use a storage: one line with the reason, no password."""

import asyncio
import re
import socket
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.databases import database_name, execute
from tests.server.storage.disks import Disk
from tests.server.storage.examples import SEED

from xclade_store_mock.cli import main
from xclade_store_mock.storage import DatabaseUrl, prepare_storage

FORMS = re.escape("memory, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE")

RIGHT, WRONG = "right secret", "wrong secret"

Refuse = Callable[[str], str]


@pytest.fixture
def refuse(capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Return a function that fails to serve a storage, and returns the one line printed."""

    def refuse(url: str) -> str:
        # If it does not refuse the storage, the port is taken: it does not start to serve.
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            code = main(["serve", "--port", port, "--storage", url])
        out, err = capsys.readouterr()
        assert (1, "") == (code, out)
        assert "secret" not in err
        (line,) = err.splitlines()
        start, _, message = line.partition(": ")
        assert "xclade-store-mock" == start
        return message

    return refuse


@pytest.fixture
def guest_url(postgresql_server: str, postgresql_url: str) -> Iterator[DatabaseUrl]:
    """Return the URL of a database for a role without rights."""
    name = f"xclade_test_{uuid.uuid4().hex}"
    execute(postgresql_url, f"CREATE ROLE {name} LOGIN PASSWORD '{RIGHT}'")
    execute(postgresql_url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    yield DatabaseUrl.parse(postgresql_url)._replace(user=name, password=RIGHT)
    execute(postgresql_server, f"DROP ROLE {name}")


def listing(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:x?mode=memory&cache=shared&uri=true",
        "sqlite:///file:x.db?mode=ro&uri=true",
        "sqlite:///x.db?timeout=forever",
        "sqlite://anna:secret@host/x.db",
        "sqlite+aiosqlite:///x.db",
        "mysql://anna:secret@host/database",
        "postgres://anna:secret@host/database",
        "postgresql+asyncpg://anna:secret@host/database",
        "postgresql+psycopg://anna:secret@host/database",
        "http://host?password=secret",
        "http://anna:secret/?secret@host",
    ],
)
def test_refuses_urls_of_no_storage(refuse: Refuse, url: str) -> None:
    """A database in memory or of another kind is refused, and no file is created."""
    before = listing(Path())

    assert re.fullmatch(rf"\S+ is not a storage: use {FORMS}", refuse(url))
    assert before == listing(Path())


@pytest.mark.parametrize("file", ["x.db", "folder/x.db"])
def test_file_with_two_slashes(refuse: Refuse, file: str) -> None:
    """The message has the URL as it was typed, and with the missing slash."""
    assert f"sqlite://{file} is not a storage: use sqlite:///{file}" == refuse(f"sqlite://{file}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "anna:secret@host/database",
        "postgresql://anna:with@secret@host/database",
        "postgresql://anna:secret@host:port/database",
        "postgresql://anna:secret@[::1/database",
    ],
)
def test_refuses_text_that_is_not_a_url(refuse: Refuse, url: str) -> None:
    """Text that cannot be parsed is not printed: any part of it may be a password."""
    assert re.fullmatch(rf"a storage is {FORMS}; in a password, write @ as %40", refuse(url))


@pytest.mark.parametrize("credentials", ["anna:p%2Fq*@", ":secret@", "anna@", ""])
def test_url_stays_the_same(credentials: str) -> None:
    """The driver gets the URL as it was given, and nobody is shown the password."""
    url = f"postgresql://{credentials}host:5432/database?sslmode=require"
    parsed = DatabaseUrl.parse(url)

    assert url == parsed.with_secrets()
    assert parsed.password == "" or parsed.password not in str(parsed)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/store.db", "there is no directory {folder}/missing"),
        ("folder", "unable to open database file"),
        ("text.db", "file is not a database"),
    ],
)
def test_refuses_files_that_are_not_databases(
    refuse: Refuse, tmp_path: Path, name: str, reason: str
) -> None:
    """They stay unchanged, and no file appears beside them."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.db").write_text("There is no database in here. " * 100)
    url = f"sqlite:///{tmp_path / name}"

    assert f"cannot use {url}: {reason.format(folder=tmp_path)}" == refuse(url)
    assert ["folder", "text.db"] == listing(tmp_path)


def test_refuses_a_damaged_file(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Damage is found even if only the banner's query meets it."""
    asyncio.run(prepare_storage(sqlite_url, SEED))
    file = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as database:
        ((page,),) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'xclade_mock_carts'"
        )
        ((size,),) = database.execute("PRAGMA page_size")
    with Path(file).open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xaa" * size)

    assert 1 == main(["serve", "--port", "0", "--storage", sqlite_url])
    line = f"xclade-store-mock: cannot use {sqlite_url}: database disk image is malformed\n"
    assert ("", line) == capsys.readouterr()


@pytest.mark.parametrize("columns", ["a integer", "tables_version integer"])
def test_refuses_strange_tables(refuse: Refuse, sqlite_url: str, columns: str) -> None:
    """A table of the same name with other columns is not used."""
    execute(sqlite_url, f"CREATE TABLE xclade_mock_store ({columns})")

    assert refuse(sqlite_url).startswith(f"cannot use {sqlite_url}: ")


def test_refuses_another_version(refuse: Refuse, database_url: str) -> None:
    """Tables of another version stay unchanged."""
    asyncio.run(prepare_storage(database_url, SEED))
    execute(database_url, "UPDATE xclade_mock_store SET tables_version = 7")

    expected = "its tables are of version 7, and this server's of version 3; name another database"
    assert refuse(database_url).endswith(f": {expected}")


@pytest.mark.parametrize("prepared", [False, True], ids=["empty", "prepared"])
def test_refuses_a_read_only_disk(refuse: Refuse, small_disk: Disk, prepared: bool) -> None:  # noqa: FBT001 - a parameter
    """A database that cannot be written fails now, not at the first payment."""
    url = f"sqlite:///{small_disk.folder}/store.db"
    if prepared:
        asyncio.run(prepare_storage(url, SEED))
    small_disk.remount("ro")

    assert f"cannot use {url}: unable to open database file" == refuse(url)


@pytest.mark.parametrize("prepared", [False, True], ids=["empty", "prepared"])
def test_refuses_a_read_only_database(
    refuse: Refuse,
    postgresql_url: str,
    prepared: bool,  # noqa: FBT001 - a parameter
) -> None:
    """A database that cannot be written fails now, not at the first payment."""
    if prepared:
        asyncio.run(prepare_storage(postgresql_url, SEED))
    name = database_name(postgresql_url)
    execute(postgresql_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    assert "in a read-only transaction" in refuse(postgresql_url)


def test_refuses_a_wrong_password(refuse: Refuse, guest_url: DatabaseUrl) -> None:
    """PostgreSQL's message is printed; the password is not."""
    line = refuse(guest_url._replace(password=WRONG).with_secrets())

    assert f'password authentication failed for user "{guest_url.user}"' in line
    assert ":***@" in line


def test_refuses_a_role_that_may_not_create_tables(refuse: Refuse, guest_url: DatabaseUrl) -> None:
    """A role that may only connect is not enough."""
    line = refuse(guest_url.with_secrets())

    assert ": permission denied for schema public" in line


def test_refuses_an_unknown_database(refuse: Refuse, postgresql_server: str) -> None:
    """The database itself is not created."""
    url = DatabaseUrl.parse(postgresql_server)._replace(database="xclade_test_nowhere")

    line = refuse(url.with_secrets())
    assert 'database "xclade_test_nowhere" does not exist' in line


def test_refuses_an_unknown_option(refuse: Refuse, postgresql_url: str) -> None:
    """An option that the driver does not know is passed to the server, which refuses it."""
    url = DatabaseUrl.parse(postgresql_url)

    line = refuse(url._replace(query={**url.query, "color": "red"}).with_secrets())
    assert 'unrecognized configuration parameter "color"' in line


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("anna:secret@127.0.0.1:{unused}/x", "Connect call failed ('127.0.0.1', {unused})"),
        ("127.0.0.1:{unused}/x?user=anna&password=secret", "Connect call failed"),
        ("anna:secret@127.0.0.1:{silent}/x?connect_timeout=2", "connection timeout expired"),
        ("anna:secret@nowhere.invalid/x", "nowhere.invalid/x: [Errno -"),
        ("anna:secret@/x?host=/nowhere", "No such file or directory"),
        ("anna:secret@127.0.0.1:{unused}/x?connect_timeout=soon", "'soon'"),
        ("anna:secret@127.0.0.1:{unused}/x?sslmode=perhaps", "`sslmode` parameter"),
        ("anna:secret@127.0.0.1:99999/x", "port must be 0-65535"),
    ],
)
def test_refuses_servers_that_cannot_be_reached(refuse: Refuse, place: str, reason: str) -> None:
    """The line tells which server, and what happened."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            unused = closed.getsockname()[1]
        ports = {"unused": unused, "silent": silent.getsockname()[1]}
        line = refuse(f"postgresql://{place.format(**ports)}")

    assert line.startswith("cannot use postgresql://")
    assert reason.format(**ports) in line
