"""PostgreSQL, by asyncpg."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple, TypeVar

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    bindparam,
    case,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import URL

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage.batches import Batches
from xclade_store_mock.storage.compiler import Compiler
from xclade_store_mock.storage.failures import unavailable
from xclade_store_mock.storage.postgresql_connections import (
    Connections,
    Driver,
    PostgresqlConnection,
)

T = TypeVar("T")

_CONNECT_TIMEOUT = "5"  # seconds
_CONNECTIONS = 8

# What was planned while a table was empty is carried out when it is full, too.
_BY_INDEX = {"enable_seqscan": "off"}

_ASKED = (
    func.unnest(
        bindparam("keys", type_=ARRAY(BigInteger)), bindparam("taken", type_=ARRAY(Boolean))
    )
    .table_valued(column("key", BigInteger), column("is_taken", Boolean))
    .render_derived()
)
_LOCKS = select(
    case(
        (_ASKED.c.is_taken, func.pg_try_advisory_lock(_ASKED.c.key)),
        else_=func.pg_advisory_unlock(_ASKED.c.key),
    )
)

_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
# Of these, what comes from what the database was given is a bug; a ValueError is the driver's for
# what it cannot send.
_BUGS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError)
# Somebody put in the same at the same moment, which can be seen by now; or two of several rows
# waited for each other, of whom the other one goes on.
_IN_THE_WAY = (asyncpg.IntegrityConstraintViolationError, asyncpg.TransactionRollbackError)


class _Lock(NamedTuple):
    key: int
    is_taken: bool
    """Else it is given back."""


class PostgresqlDatabase:
    """Works on a few connections; one more has the locks of this process.

    So no request keeps a connection while it waits for a payment provider, and locks end with the
    process that has them.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._compiler = Compiler(PGDialect_asyncpg())  # type: ignore[no-untyped-call]
        self._connections = Connections(self._connect, _CONNECTIONS)
        self._lock_connection = Connections(self._connect, 1)
        self._locks = Batches(self._lock)

    async def run(self, work: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        """Do a work of one statement."""
        return await self._do(work, self._connections)

    async def transact(self, work: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        """Do all of a work or nothing."""

        async def transaction(connection: PostgresqlConnection) -> T:
            async with connection.driver.transaction():
                return await work(connection)

        return await self.run(transaction)

    async def take(self, name: str) -> bool:
        """Take an advisory lock."""
        try:
            return await self._locks.ask(_Lock(_key(name), is_taken=True))
        except asyncio.CancelledError:
            # It may be taken by now, or in a moment.
            await self.release(name)
            raise

    async def release(self, name: str) -> None:
        """Give an advisory lock back, unless it went with its connection."""
        with suppress(StorageUnavailable):
            await self._locks.ask(_Lock(_key(name), is_taken=False))

    async def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        self._lock_connection.close()

    async def _lock(self, locks: Sequence[_Lock]) -> Sequence[bool]:
        keys, taken = zip(*locks, strict=True)
        rows = await self._do(
            lambda it: it.rows(_LOCKS, keys=keys, taken=taken), self._lock_connection
        )
        return [is_done for (is_done,) in rows]

    async def _do(
        self, work: Callable[[PostgresqlConnection], Awaitable[T]], connections: Connections
    ) -> T:
        """Do a work, and once more if another one was in its way. Raises StorageUnavailable."""
        try:
            try:
                return await connections.run(work)
            except _IN_THE_WAY:
                return await connections.run(work)
        except _BUGS:
            raise
        except _FAILURES as error:
            raise unavailable(error) from error

    async def _connect(self) -> PostgresqlConnection:
        timeout = self._url.normalized_query.get("connect_timeout", [_CONNECT_TIMEOUT])[-1]
        url = self._url.difference_update_query(["connect_timeout"])
        try:
            driver = await asyncpg.connect(
                url.render_as_string(hide_password=False),
                timeout=float(timeout),
                server_settings=_BY_INDEX,
                connection_class=Driver,
            )
        except TimeoutError as error:
            reason = "connection timeout expired"
            raise StorageUnavailable(reason) from error
        except (ValueError, OverflowError) as error:
            raise StorageUnavailable(str(error)) from error
        return PostgresqlConnection(driver, self._compiler)


@lru_cache(maxsize=1_000)
def _key(name: str) -> int:
    return int.from_bytes(
        hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:8], signed=True
    )
