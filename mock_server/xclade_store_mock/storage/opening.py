"""Opening the storage that a URL names: `sqlite:///file.db`, `postgresql://user@host/database`."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage import StorageError
from xclade_store_mock.storage.postgresql import PostgresqlDatabase
from xclade_store_mock.storage.sql import Database, SqlStorage
from xclade_store_mock.storage.sqlite import SqliteDatabase
from xclade_store_mock.storage.statements import WrongVersion
from xclade_store_mock.store import Store


def open_storage(url: str) -> SqlStorage:
    """Open a storage that has been prepared. Raises StorageError for a URL of no storage."""
    return SqlStorage(_database(_parse(url)))


async def prepare_storage(url: str, seed: Store) -> bool:
    """Make a storage ready to be opened; tell whether it was empty and has got the seed.

    Raises StorageError.
    """
    storage = open_storage(url)
    shown = _parse(url).render_as_string(hide_password=True)
    try:
        return await storage.prepare(seed)
    except StorageUnavailable as error:
        message = f"cannot use {shown}: {error.reason}"
        raise StorageError(message) from error
    except WrongVersion as error:
        message = f"cannot use {shown}: {error}; name another database"
        raise StorageError(message) from error
    finally:
        await storage.close()


def _parse(text: str) -> URL:
    try:
        return make_url(text)
    except ArgumentError as error:
        message = "a storage is memory, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
        raise StorageError(message) from error


def _database(url: URL) -> Database:
    if url.drivername == "sqlite" and url.database not in {None, "", ":memory:"}:
        return SqliteDatabase(url)
    if url.drivername in {"postgresql", "postgresql+psycopg"}:
        return PostgresqlDatabase(url.set(drivername="postgresql+psycopg"))
    message = (
        f"{url.render_as_string(hide_password=True)} is no storage:"
        " use memory, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    )
    raise StorageError(message)
