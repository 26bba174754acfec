"""PostgreSQL, by asyncpg."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache, partial
from selectors import EVENT_READ, DefaultSelector
from typing import Any, NamedTuple, TypeVar

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Integer,
    Select,
    Update,
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
from xclade_store_mock.storage.databases import Statement
from xclade_store_mock.storage.failures import unavailable

Q = TypeVar("Q")
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

_PLACE = "place"


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

    async def row_for_each(
        self, statement: Select[Any], values: Sequence[Mapping[str, Any]]
    ) -> Sequence[Sequence[Any] | None]:
        """Answer what `row` does, for each of several sets of values."""
        found = await self._numbered(_numbering_select(statement), values)
        return [found.get(place) for place in range(len(values))]

    async def change(self, statement: Statement, **values: Any) -> int:
        """Change the database; answer how many rows that befell."""
        text, arguments = self._compiler.compile(statement, values)
        # As in UPDATE 1, and in CREATE TABLE.
        _, _, count = (await self.driver.execute(text, *arguments)).rpartition(" ")
        return int(count) if count.isdecimal() else 0

    async def change_for_each(
        self, statement: Update, values: Sequence[Mapping[str, Any]]
    ) -> Sequence[bool]:
        """Change one row for each of several sets of values, or none; tell whether it was there."""
        found = await self._numbered(_numbering_update(statement), values)
        return [place in found for place in range(len(values))]

    async def has_table(self, name: str) -> bool:
        """Tell whether there is a table of this name."""
        row = await self.row(_TABLE, table=name)
        return bool(row and row[0])

    async def _numbered(
        self, statement: Statement, values: Sequence[Mapping[str, Any]]
    ) -> Mapping[int, Sequence[Any]]:
        """Carry a statement out for each set of values, in one go; answer the rows by its place."""
        compile_ = self._compiler.compile
        text = ""
        every = []
        for place, each in enumerate(values):
            text, arguments = compile_(statement, {**each, _PLACE: place})
            every.append(arguments)
        rows = await self.driver.fetchmany(text, every)
        return {row[-1]: row[:-1] for row in rows}


@cache
def _numbering_select(statement: Select[Any]) -> Statement:
    return statement.add_columns(bindparam(_PLACE, type_=Integer))


@cache
def _numbering_update(statement: Update) -> Statement:
    return statement.returning(bindparam(_PLACE, type_=Integer))


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
        self._works: dict[Callable[..., Any], Batches[Any, Any]] = {}

    async def run(self, work: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        """Do a work of one statement."""
        return await self._do(work, self._connections)

    async def ask(
        self,
        work: Callable[[PostgresqlConnection, Sequence[Q]], Awaitable[Sequence[T]]],
        question: Q,
    ) -> T:
        """Do a work of one statement, at once for all who ask for the same meanwhile."""
        if work not in self._works:
            self._works[work] = Batches(partial(self._answer, work))
        answer: T = await self._works[work].ask(question)
        return answer

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

    async def _answer(
        self,
        work: Callable[[PostgresqlConnection, Sequence[Q]], Awaitable[Sequence[T]]],
        questions: Sequence[Q],
    ) -> Sequence[T]:
        return await self.run(lambda it: work(it, questions))

    async def _lock(self, locks: Sequence[_Lock]) -> Sequence[bool]:
        keys, taken = zip(*locks, strict=True)
        rows = await self._do(
            lambda it: it.rows(_LOCKS, keys=keys, taken=taken), self._lock_connection
        )
        return [is_done for (is_done,) in rows]

    async def _do(
        self, work: Callable[[PostgresqlConnection], Awaitable[T]], connections: _Connections
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
                connection_class=_Driver,
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
