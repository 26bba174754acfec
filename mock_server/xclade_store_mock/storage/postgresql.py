"""The database PostgreSQL, through asyncpg."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from selectors import EVENT_READ, DefaultSelector
from typing import Any, TypeAlias, TypeVar

import asyncpg

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage import DatabaseUrl, Row, lock_number, schema, unavailable
from xclade_store_mock.storage.batches import Batches

T = TypeVar("T")

_CONNECT_TIMEOUT = "5"  # seconds
_CONNECTIONS = 8

_SETTINGS = {
    # A plan that was made while a table was empty is used when it is full, too.
    "enable_seqscan": "off",
    # Each statement reads a few rows. Up to version 17, a scan that cannot be avoided counts as
    # expensive enough to be compiled, which takes 0.1 seconds.
    "jit": "off",
}

_LOCK = """
SELECT CASE
    WHEN is_wanted THEN pg_try_advisory_lock(key)
    ELSE pg_advisory_unlock(key)
END
FROM unnest($1::bigint[], $2::boolean[]) AS locks (key, is_wanted)"""

_LockChange: TypeAlias = tuple[int, bool]
"""A lock, and whether to acquire it; else it is released."""

_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
# Failures that a bug of the caller causes: values that the database cannot take, or (ValueError)
# that the driver cannot send.
_CALLER_ERRORS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError)
# Another transaction inserted the same row, which is visible by now; or two transactions waited
# for each other's rows, and PostgreSQL gave this one up.
_RETRYABLE = (asyncpg.IntegrityConstraintViolationError, asyncpg.TransactionRollbackError)


class Driver(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that knows at any moment whether the server has closed it."""

    def __init__(self, protocol: Any, transport: asyncio.Transport, *args: Any) -> None:
        super().__init__(protocol, transport, *args)
        self._selector = DefaultSelector()
        self._selector.register(transport.get_extra_info("socket"), EVENT_READ)

    def is_stale(self) -> bool:
        """Return whether an idle connection has ended; a server sends it nothing else."""
        return self.is_closed() or bool(self._selector.select(timeout=0))

    def terminate(self) -> None:
        """Close the connection, even while a statement runs."""
        self._selector.close()
        super().terminate()


@dataclass(frozen=True, slots=True)
class PostgresqlConnection:
    """Runs statements, which asyncpg prepares once for each connection."""

    driver: Driver

    async def row(self, statement: str, *values: Any) -> Row | None:
        row: Row | None = await self.driver.fetchrow(statement, *values)
        return row

    async def lock_row(self, statement: str, *values: Any) -> Row | None:
        return await self.row(f"{statement} FOR UPDATE", *values)

    async def rows(self, statement: str, *values: Any) -> Sequence[Row]:
        rows: Sequence[Row] = await self.driver.fetch(statement, *values)
        return rows

    async def row_for_each(self, statement: str, keys: Sequence[str]) -> Sequence[Row | None]:
        rows = await self.driver.fetchmany(statement, [(key,) for key in keys])
        found = {row[0]: row for row in rows}
        return [found.get(key) for key in keys]

    async def change(self, statement: str, *values: Any) -> None:
        await self.driver.execute(statement, *values)

    async def change_for_each(self, statement: str, values: Sequence[Row]) -> Sequence[bool]:
        if not values:
            return []
        # Each statement that changes a row returns its place among the values.
        numbered = f"{statement} RETURNING ${len(values[0]) + 1}::integer"
        rows = await self.driver.fetchmany(
            numbered, [(*each, place) for place, each in enumerate(values)]
        )
        changed = {place for (place,) in rows}
        return [place in changed for place in range(len(values))]


class _Connections:
    """A pool of connections, with less overhead than asyncpg's."""

    def __init__(self, connect: Callable[[], Awaitable[PostgresqlConnection]], most: int) -> None:
        self._connect = connect
        self._free = asyncio.Semaphore(most)
        # The one used last is used next.
        self._idle: list[PostgresqlConnection] = []

    async def run(self, query: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        async with self._free:
            connection = self._find_idle() or await self._connect()
            try:
                result = await query(connection)
            except asyncpg.InsufficientResourcesError:
                # The connection is sound; on a full disk, the server may not accept a new one.
                self._idle.append(connection)
                raise
            except BaseException:  # also when cancelled: a statement may still be running
                connection.driver.terminate()
                raise
            self._idle.append(connection)
            return result

    def close(self) -> None:
        while self._idle:
            self._idle.pop().driver.terminate()

    def _find_idle(self) -> PostgresqlConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.driver.is_stale():
                return connection
            connection.driver.terminate()
        return None


class PostgresqlDatabase:
    """Runs queries on a few connections, and holds the locks of this process on one more.

    So no request occupies a connection while it waits for a payment provider, and locks end with
    the process that holds them.
    """

    find_table = "SELECT 1 WHERE to_regclass($1) IS NOT NULL"
    create_tables = schema.create_tables(
        id='text COLLATE "C"',
        counter="bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        real="double precision",
        binary="bytea",
    )

    def __init__(self, url: DatabaseUrl) -> None:
        self._url = url
        self._connections = _Connections(self._connect, _CONNECTIONS)
        self._lock_connection = _Connections(self._connect, 1)
        self._locks = Batches(self._change_locks)

    async def create(self) -> None:
        pass  # an administrator does it

    async def run(self, query: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        return await self._run(query, self._connections)

    async def transact(self, query: Callable[[PostgresqlConnection], Awaitable[T]]) -> T:
        async def transaction(connection: PostgresqlConnection) -> T:
            async with connection.driver.transaction():
                return await query(connection)

        return await self.run(transaction)

    async def acquire_lock(self, name: str) -> bool:
        try:
            return await self._locks.submit((lock_number(name), True))
        except asyncio.CancelledError:
            # It may be acquired by now, or in a moment.
            await self.release_lock(name)
            raise

    async def release_lock(self, name: str) -> None:
        with suppress(StorageUnavailable):  # the lock ended with its connection
            await self._locks.submit((lock_number(name), False))

    async def close(self) -> None:
        self._connections.close()
        self._lock_connection.close()

    async def _change_locks(self, changes: Sequence[_LockChange]) -> Sequence[bool]:
        keys, are_wanted = zip(*changes, strict=True)
        rows = await self._run(lambda it: it.rows(_LOCK, keys, are_wanted), self._lock_connection)
        return [is_done for (is_done,) in rows]

    async def _run(
        self, query: Callable[[PostgresqlConnection], Awaitable[T]], connections: _Connections
    ) -> T:
        """Run a query, a second time if another transaction interfered."""
        try:
            try:
                return await connections.run(query)
            except _RETRYABLE:
                return await connections.run(query)
        except _CALLER_ERRORS:
            raise
        except _FAILURES as error:
            raise unavailable(error) from error

    async def _connect(self) -> PostgresqlConnection:
        options = {**self._url.query}
        timeout = options.pop("connect_timeout", _CONNECT_TIMEOUT)
        try:
            driver = await asyncpg.connect(
                self._url._replace(query=options).with_secrets(),
                timeout=float(timeout),
                server_settings=_SETTINGS,
                connection_class=Driver,
            )
        except TimeoutError as error:
            raise StorageUnavailable("connection timeout expired") from error
        except (ValueError, OverflowError) as error:
            raise StorageUnavailable(str(error)) from error
        return PostgresqlConnection(driver)
