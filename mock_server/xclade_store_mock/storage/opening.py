"""Opening the storage that a URL names: `sqlite:///file.db`, `postgresql://user@host/database`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.payments.model import Settings, Store
from xclade_store_mock.storage import StorageError
from xclade_store_mock.storage.databases import Database
from xclade_store_mock.storage.postgresql import PostgresqlDatabase
from xclade_store_mock.storage.sql import SqlStorage
from xclade_store_mock.storage.sqlite import SqliteDatabase
from xclade_store_mock.storage.works import WrongVersion

_FORMS = "memory, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def open_storage(url: str) -> SqlStorage:
    """Open a storage that has been prepared. Raises StorageError for a URL of no storage."""
    return SqlStorage(open_database(_parse(url)))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlStorage]:
    """Open a storage for a while. Raises StorageError, also for what fails meanwhile."""
    storage = open_storage(url)
    shown = _shown(_parse(url))
    try:
        yield storage
    except StorageUnavailable as error:
        message = f"cannot use {shown}: {error.reason}"
        raise StorageError(message) from error
    except WrongVersion as error:
        message = f"cannot use {shown}: {error}; name another database"
        raise StorageError(message) from error
    finally:
        await storage.close()


async def prepare_storage(url: str, seed: Store) -> Settings | None:
    """Make a storage ready to be opened; answer what it holds, or None if it has got the seed.

    Raises StorageError.
    """
    async with opened(url) as storage:
        was_empty = await storage.prepare(seed)
        return None if was_empty else await storage.settings()


def _parse(text: str) -> URL:
    with suppress(ArgumentError, ValueError):
        url = make_url(text)
        # With a bare @ in the password, the rest of it would be taken, and shown, for the host.
        if "@" not in (url.host or ""):
            return url
    message = f"a storage is {_FORMS}; in a password, @ is written %40"
    raise StorageError(message)


def open_database(url: URL) -> Database:
    """Open the database that a URL names. Raises StorageError for a URL of no storage."""
    file = url.database
    if file and file != ":memory:" and url == URL.create("sqlite", database=file):
        return SqliteDatabase(file)
    if url.drivername == "postgresql":
        return PostgresqlDatabase(url)
    message = f"{_shown(url)} is no storage: use {_FORMS}"
    raise StorageError(message)


def _shown(url: URL) -> str:
    """Write a URL without its password, which may be in the query, too."""
    return url.set(query=dict.fromkeys(url.query, "...")).render_as_string(hide_password=True)
