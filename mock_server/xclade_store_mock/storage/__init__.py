"""Where a store's state is kept: in memory, in an SQLite file or in a PostgreSQL database.

Imports `payments` and the leaves. A database's driver is imported when a URL asks for it.
"""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeAlias, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.payments.idempotency import Record, Records
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings, Store

if TYPE_CHECKING:
    from xclade_store_mock.storage.sql import SqlStorage

T = TypeVar("T")

Row: TypeAlias = Sequence[Any]

MOST_RECORDS = 10_000
"""The number of answered idempotency records that are kept; the oldest are dropped first."""


@dataclass(slots=True)
class HeldCollection(ABC):
    """A payment collection that nobody else can change while the block runs.

    It, its cart and the store's settings are as they were when the block began.
    """

    collection: PaymentCollection
    cart: Cart | None
    settings: Settings

    @abstractmethod
    async def keep(self, collection: PaymentCollection, record: Record | None = None) -> None:
        """Store the changed collection and the answered record of the request: both or neither."""


class Storage(Records, Protocol):
    """Keeps a store's state. Every method raises StorageUnavailable when it cannot.

    Answered records are dropped when they have expired, or exceed MOST_RECORDS.
    """

    async def settings(self) -> Settings:
        """Return the current settings."""

    async def change_settings(self, change: Callable[[Settings], Settings]) -> Settings:
        """Replace the settings by what `change` makes of them, in one transaction; return them."""

    async def cart(self, cart_id: str) -> Cart | None:
        """Return a cart, or None."""

    async def put_cart(self, cart: Cart, now: datetime) -> None:
        """Add or replace a cart; its payment collection follows it."""

    async def carts(self, limit: int, offset: int = 0) -> tuple[list[Cart], int]:
        """Return a page of the carts, ordered by id, and the number of all carts."""

    async def collection(self, collection_id: str) -> PaymentCollection:
        """Return a payment collection, whether held or not. Raises CollectionNotFound."""

    async def collections(self, limit: int, offset: int = 0) -> tuple[list[PaymentCollection], int]:
        """Return a page of the collections, ordered by id, and the number of all collections."""

    async def add_collection(self, collection: PaymentCollection) -> None:
        """Add a payment collection.

        Raises CartNotFound, and ValueError if the id is taken or the cart has a collection.
        """

    async def collection_of_cart(
        self, cart_id: str, create: Callable[[Cart], PaymentCollection]
    ) -> PaymentCollection:
        """Return a cart's payment collection, creating it if necessary. Raises CartNotFound."""

    async def find_collection_of_cart(self, cart_id: str) -> PaymentCollection | None:
        """Return a cart's payment collection, or None."""

    def hold(self, collection_id: str) -> AbstractAsyncContextManager[HeldCollection]:
        """Wait for a payment collection and hold it. Entering raises CollectionNotFound."""

    async def keep_answer(self, record: Record) -> None:
        """Store the answered record of a request that changed nothing else."""

    async def reset(self, store: Store) -> None:
        """Replace everything by a store. Requests that are still running change nothing in it."""

    async def close(self) -> None:
        """Close files and connections; they are opened again if the storage is used again."""


class Connection(Protocol):
    """A connection to a database. Statements have the parameters `$1`, `$2` and so on."""

    async def row(self, statement: str, *values: Any) -> Row | None:
        """Return the first row, or None."""

    async def lock_row(self, statement: str, *values: Any) -> Row | None:
        """Return the first row, which nobody else can change before the transaction ends."""

    async def rows(self, statement: str, *values: Any) -> Sequence[Row]:
        """Return all rows."""

    async def row_for_each(self, statement: str, keys: Sequence[str]) -> Sequence[Row | None]:
        """Return the row of each key; the statement selects the key as its first column."""

    async def change(self, statement: str, *values: Any) -> None:
        """Run a statement that changes the database."""

    async def change_for_each(self, statement: str, values: Sequence[Row]) -> Sequence[bool]:
        """Run a statement for all sets of values or for none; return which changed a row."""


class Database(Protocol):
    """A kind of database. Every method but `close` raises StorageUnavailable.

    A query may be run again from its beginning, and must wait for nothing but its connection.
    """

    find_table: str
    """The statement that finds a table by its name."""
    create_tables: tuple[str, ...]
    """The statements that create the tables of `schema`."""

    async def create(self) -> None:
        """Create the database if it is a file that does not exist."""

    async def run(self, query: Callable[[Connection], Awaitable[T]]) -> T:
        """Run a query of one statement."""

    async def transact(self, query: Callable[[Connection], Awaitable[T]]) -> T:
        """Run a query in a transaction."""

    async def acquire_lock(self, name: str) -> bool:
        """Return whether this process acquired the lock; it loses it when it ends."""

    async def release_lock(self, name: str) -> None:
        """Release a lock that this process has acquired."""

    async def close(self) -> None:
        """Close files and connections; they are opened again when needed."""


def unavailable(failure: Exception) -> StorageUnavailable:
    """Return the error that tells, in one line, why a database cannot be used."""
    return StorageUnavailable(" ".join(str(failure).split()))


@lru_cache(maxsize=1_000)
def lock_number(name: str) -> int:
    """Return the number, positive and below 2**56, by which databases know a lock."""
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:7])


class StorageError(Exception):
    """A storage cannot be used. The text says which and why, without its password."""


_FORMS = "memory, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"

# A password may contain "/" or "?", but not "@".
_URL = re.compile(
    r"(?P<scheme>[\w+.-]+)://"
    r"(?:(?P<user>[^:/@?]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<host>\[[^\]@/?]*\]|[^:/?@\[]*)(?::(?P<port>\d*))?"
    r"(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?",
    re.ASCII | re.DOTALL,
)


class DatabaseUrl(NamedTuple):
    """A database's URL, taken apart and decoded. What is missing is empty."""

    scheme: str
    user: str
    password: str
    host: str
    port: str
    database: str
    query: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a URL. Raises StorageError, without the text: a password may be anywhere in it."""
        match = _URL.fullmatch(text)
        if match is None:
            raise StorageError(f"a storage is {_FORMS}; in a password, write @ as %40")
        scheme, user, password, host, port, database, query = match.groups("")
        options = dict(parse_qsl(query, keep_blank_values=True))
        return cls(scheme, unquote(user), unquote(password), host, port, database, options)

    def __str__(self) -> str:
        """Return the URL without its password and the values of its options: fit to be shown."""
        hidden = dict.fromkeys(self.query, "...")
        return self._replace(password=self.password and "***", query=hidden).with_secrets()

    def with_secrets(self) -> str:
        """Return the whole URL, for a driver."""
        password = f":{quote(self.password, safe='*')}" if self.password else ""
        at = "@" if self.user or password else ""
        port = f":{self.port}" if self.port else ""
        options = f"?{urlencode(self.query, quote_via=quote)}" if self.query else ""
        place = f"{self.host}{port}/{self.database}{options}"
        return f"{self.scheme}://{quote(self.user, safe='')}{password}{at}{place}"


def open_database(url: DatabaseUrl) -> Database:
    """Return the database of a URL, without connecting. Raises StorageError for any other URL."""
    is_file = url == DatabaseUrl("sqlite", "", "", "", "", url.database, {})
    if is_file and url.database not in {"", ":memory:"}:
        from xclade_store_mock.storage.sqlite import SqliteDatabase  # noqa: PLC0415

        return SqliteDatabase(url.database)
    if url.scheme == "postgresql":
        from xclade_store_mock.storage.postgresql import PostgresqlDatabase  # noqa: PLC0415

        return PostgresqlDatabase(url)
    message = f"{url} is not a storage: use {_FORMS}"
    if url.host and url == DatabaseUrl("sqlite", "", "", url.host, "", url.database, {}):
        file = f"{url.host}/{url.database}".rstrip("/")
        message = f"sqlite://{file} is not a storage: use sqlite:///{file}"
    raise StorageError(message)


def open_storage(url: str) -> "SqlStorage":
    """Return the prepared storage of a URL, without connecting. Raises StorageError."""
    from xclade_store_mock.storage.sql import SqlStorage  # noqa: PLC0415

    return SqlStorage(open_database(DatabaseUrl.parse(url)))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator["SqlStorage"]:
    """Open a storage for the block. Raises StorageError, also for a failure inside the block."""
    storage = open_storage(url)
    try:
        yield storage
    except StorageUnavailable as error:
        raise StorageError(f"cannot use {DatabaseUrl.parse(url)}: {error.reason}") from error
    finally:
        await storage.close()


async def prepare_storage(url: str, seed: Store) -> Settings | None:
    """Create a storage's tables and fill them with the seed; or return the settings it has.

    Raises StorageError.
    """
    async with opened(url) as storage:
        was_empty = await storage.prepare(seed)
        return None if was_empty else await storage.settings()
