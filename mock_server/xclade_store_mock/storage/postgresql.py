"""PostgreSQL, by asyncpg."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, DefaultSelector
from typing import Any, NamedTuple, TypeVar

import asyncpg
from sqlalchemy import ARRAY, BigInteger, Boolean, bindparam, case, column, func, select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import URL

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage.batches import Batches
from xclade_store_mock.storage.compiler import Compiler
from xclade_store_mock.storage.databases import Statement
from xclade_store_mock.storage.failures import StorageFailures

T = TypeVar("T")

_CONNECT_TIMEOUT = "5"  # seconds
_CONNECTIONS = 8

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
_TABLE = select(func.to_regclass(bindparam("table")).is_not(None))

_FAILURES = StorageFailures(
    (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError),
    # A ValueError is the driver's for what it cannot send.
    (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError),
)


class _Driver(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that can tell at any moment whether the server has closed it."""

    def __init__(self, protocol: Any, transport: asyncio.Transport, *args: Any) -> None:
        super().__init__(protocol, transport, *args)
        self._selector = DefaultSelector()
        self._selector.register(transport.get_extra_info("socket"), EVENT_READ)

    def has_ended(self) -> bool:
        """Tell whether an idle connection cannot be used; nothing else makes the server speak."""
        return self.is_closed() or bool(self._selector.select(timeout=0))

    def terminate(self) -> None:
        """Close the connection, whatever it is at."""
        self._selector.close()
        super().terminate()


class PostgresqlConnection:
    """Carries statements out, each prepared once."""

    def __init__(self, driver: _Driver, compiler: Compiler) -> None:
        self.driver = driver
        self._compiler = compiler

    async def row(self, statement: Statement, **values: Any) -> Sequence[Any] | None:
        """Answer the one row that is found, or None."""
        text, arguments = self._compiler.compile(statement, values)
        row: Sequence[Any] | None = await self.driver.fetchrow(text, *arguments)
        return row

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]:
        """Answer all rows that are found."""
        text, arguments = self._compiler.compile(statement, values)
        rows: Sequence[Sequence[Any]] = await self.driver.fetch(text, *arguments)
        return rows

    async def change(self, statement: Statement, **values: Any) -> int:
        """Change the database; answer how many rows that befell."""
        text, arguments = self._compiler.compile(statement, values)
        # As in UPDATE 1, and in CREATE TABLE.
        _, _, count = (await self.driver.execute(text, *arguments)).rpartition(" ")
        return int(count) if count.isdecimal() else 0

    async def has_table(self, name: str) -> bool:
        """Tell whether there is a table of this name."""
        row = await self.row(_TABLE, table=name)
        return bool(row and row[0])


class _Connections:
    """Keeps connections from one work to the next: fetching one from a pool takes longer."""

    def __init__(self, connect: Callable[[], Awaitable[PostgresqlConnection]], most: int) -> None:
        self._connect = connect
        self._free = asyncio.Semaphore(most)
        # The one that was used last is used next.
        self._idle: list[PostgresqlConnection] = []

    async def run(self, work: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        """Work on a connection; one that failed is used again only if it was for want of room."""
        async with self._free:
            connection = self._find_idle() or await self._connect()
            try:
                result = await work(connection)
            except asyncpg.InsufficientResourcesError:
                # On a full disk, the server may be unable to start a new one.
                self._idle.append(connection)
                raise
            except BaseException:  # cancelled, too: a statement may still be on its way
                connection.driver.terminate()
                raise
            self._idle.append(connection)
            return result

    def close(self) -> None:
        """Close all that are idle."""
        while self._idle:
            self._idle.pop().driver.terminate()

    def _find_idle(self) -> PostgresqlConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.driver.has_ended():
                return connection
            connection.driver.terminate()
        return None


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
        self._connections = _Connections(self._connect, _CONNECTIONS)
        self._lock_connection = _Connections(self._connect, 1)
        self._locks = Batches(self._lock)
        self._reads: dict[Callable[[PostgresqlConnection], Any], Batches[None, Any]] = {}

    async def run(self, work: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        """Do a work of one statement."""
        with _FAILURES:
            return await self._connections.run(work)

    async def read(self, work: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        """Do a reading work of one statement, at once for all who want the same."""
        if work not in self._reads:
            self._reads[work] = Batches(partial(self._read, work))
        with _FAILURES:
            found: T = await self._reads[work].ask(None)
        return found

    async def transact(self, work: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        """Do all of a work or nothing."""

        async def transaction(connection: PostgresqlConnection) -> T:
            async with connection.driver.transaction():
                return await work(connection)

        try:
            return await self.run(transaction)
        except asyncpg.IntegrityConstraintViolationError:
            # Somebody put in the same at the same moment; it can be seen by now.
            return await self.run(transaction)

    async def take(self, name: str) -> bool:
        """Take an advisory lock."""
        with _FAILURES:
            try:
                return await self._locks.ask(_Lock(_key(name), is_taken=True))
            except asyncio.CancelledError:
                # It may be taken by now, or in a moment.
                await self.release(name)
                raise

    async def release(self, name: str) -> None:
        """Give an advisory lock back, unless it went with its connection."""
        with suppress(StorageUnavailable), _FAILURES:
            await self._locks.ask(_Lock(_key(name), is_taken=False))

    async def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        self._lock_connection.close()

    async def _read(
        self, work: Callable[[PostgresqlConnection], Awaitable[T]], readers: Sequence[None]
    ) -> Sequence[T]:
        return [await self._connections.run(work)] * len(readers)

    async def _lock(self, locks: Sequence[_Lock]) -> Sequence[bool]:
        keys, taken = zip(*locks, strict=True)
        rows = await self._lock_connection.run(lambda it: it.rows(_LOCKS, keys=keys, taken=taken))
        return [is_done for (is_done,) in rows]

    async def _connect(self) -> PostgresqlConnection:
        timeout = self._url.normalized_query.get("connect_timeout", [_CONNECT_TIMEOUT])[-1]
        url = self._url.difference_update_query(["connect_timeout"])
        try:
            driver = await asyncpg.connect(
                url.render_as_string(hide_password=False),
                timeout=float(timeout),
                connection_class=_Driver,
            )
        except TimeoutError as error:
            reason = "connection timeout expired"
            raise StorageUnavailable(reason) from error
        except (ValueError, OverflowError) as error:
            raise StorageUnavailable(str(error)) from error
        return PostgresqlConnection(driver, self._compiler)


def _key(name: str) -> int:
    return int.from_bytes(
        hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:8], signed=True
    )
