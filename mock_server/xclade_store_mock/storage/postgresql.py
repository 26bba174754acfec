"""PostgreSQL, by psycopg 3."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, TypeVar, cast

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage.failures import storage_failures
from xclade_store_mock.storage.transactions import transact

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

_CONNECT_TIMEOUT = 5  # seconds
_CONNECTIONS = 8

_TAKE = select(func.pg_try_advisory_lock(bindparam("key")))
_RELEASE = select(func.pg_advisory_unlock(bindparam("key")))


class _Connections:
    """Keeps connections from one work to the next: fetching one from a pool takes longer."""

    def __init__(self, engine: AsyncEngine, most: int) -> None:
        self._engine = engine
        # The one that was used last is used next; None stands for one to be opened.
        self._idle: asyncio.LifoQueue[AsyncConnection | None] = asyncio.LifoQueue()
        for _ in range(most):
            self._idle.put_nowait(None)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Work on a connection; one that failed is not used again."""
        connection = await self._idle.get()
        failed = True
        try:
            if connection is not None and _is_closed(connection):
                await connection.close()
                connection = None
            if connection is None:
                connection = await self._engine.connect()
            result = await connection.run_sync(work)
            failed = False
            return result
        finally:
            self._idle.put_nowait(None if failed else connection)
            if failed and connection is not None:
                await connection.close()

    async def close(self) -> None:
        """Close all that are idle."""
        idle = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        for connection in idle:
            self._idle.put_nowait(None)
            if connection is not None:
                await connection.close()


class PostgresqlDatabase:
    """Works on a few connections; one more has the locks of this process.

    So no request keeps a connection while it waits for a payment provider, and locks end with the
    process that has them.
    """

    def __init__(self, url: URL) -> None:
        engine = create_async_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": url.query.get("connect_timeout", _CONNECT_TIMEOUT)},
            hide_parameters=True,
        )
        self._connections = _Connections(engine, _CONNECTIONS)
        self._locks = _Connections(engine, 1)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do a work of one statement."""
        with storage_failures():
            return await self._connections.run(work)

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do all of a work or nothing."""
        try:
            return await self.run(partial(transact, work=work))
        except IntegrityError:
            # Somebody put in the same at the same moment; it can be seen by now.
            return await self.run(partial(transact, work=work))

    async def take(self, name: str) -> bool:
        """Take an advisory lock."""
        with storage_failures():
            return await self._locks.run(lambda it: bool(it.scalar(_TAKE, {"key": _key(name)})))

    async def release(self, name: str) -> None:
        """Give an advisory lock back, unless it went with its connection."""
        with suppress(StorageUnavailable), storage_failures():
            await self._locks.run(lambda it: it.scalar(_RELEASE, {"key": _key(name)}))

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()
        await self._locks.close()


def _is_closed(connection: AsyncConnection) -> bool:
    """Tell whether the server has closed an idle connection; nothing else makes it speak."""
    idle = cast("Connection", connection.sync_connection).connection.driver_connection
    with DefaultSelector() as selector:
        selector.register(cast("psycopg.AsyncConnection", idle), EVENT_READ)
        return bool(selector.select(timeout=0))


def _key(name: str) -> int:
    return int.from_bytes(
        hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:8], signed=True
    )
