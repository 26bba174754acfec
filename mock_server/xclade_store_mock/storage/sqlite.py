"""SQLite: a file, used by the processes of one machine."""

import asyncio
import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, closing
from typing import Any, TypeVar

from sqlalchemy import bindparam, column, select, table
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from xclade_store_mock.storage.compiler import Compiler
from xclade_store_mock.storage.databases import Statement
from xclade_store_mock.storage.failures import StorageFailures

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")

_PATIENCE = 10.0  # seconds to wait for another process's transaction, which takes a millisecond
_PAUSE = 0.001

_SCHEMA = table("sqlite_master", column("name"))
_TABLE = select(_SCHEMA.c.name).where(_SCHEMA.c.name == bindparam("table"))

_FAILURES = StorageFailures((sqlite3.Error, OSError), (sqlite3.DataError, sqlite3.IntegrityError))


class SqliteConnection:
    """Carries statements out at once: nothing of this process comes in between."""

    def __init__(self, driver: sqlite3.Connection, compiler: Compiler) -> None:
        self.driver = driver
        self._compiler = compiler

    async def row(self, statement: Statement, **values: Any) -> Sequence[Any] | None:
        """Answer the one row that is found, or None."""
        found = await self.rows(statement, **values)
        return found[0] if found else None

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]:
        """Answer all rows that are found."""
        return self.driver.execute(*self._compiler.compile(statement, values)).fetchall()

    async def change(self, statement: Statement, **values: Any) -> int:
        """Change the database; answer how many rows that befell."""
        return self.driver.execute(*self._compiler.compile(statement, values)).rowcount

    async def has_table(self, name: str) -> bool:
        """Tell whether there is a table of this name."""
        return await self.row(_TABLE, table=name) is not None


class SqliteDatabase:
    """Works on the event loop's thread: a transaction takes less time than the way to another.

    Nothing here waits for another process but in `asyncio.sleep`. What was committed survives the
    process, and after a power failure may lack its last moments (`synchronous=NORMAL`).
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._compiler = Compiler(SQLiteDialect_pysqlite())
        self._connection: SqliteConnection | None = None
        # Process-wide: closing any file that is open on it would give all locks back.
        self._locks: int | None = None

    async def run(self, work: Callable[[SqliteConnection], Awaitable[T]]) -> T:
        """Do a work of one statement, as soon as no other process is writing."""
        end = time.monotonic() + _PATIENCE
        with _FAILURES:
            while True:
                try:
                    return await work(self._open())
                except sqlite3.OperationalError as error:
                    # The last byte tells the kind.
                    code = error.sqlite_errorcode & 0xFF
                    if code != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                        raise
                await asyncio.sleep(_PAUSE)

    async def read(self, work: Callable[[SqliteConnection], Awaitable[T]]) -> T:
        """Do a reading work of one statement."""
        return await self.run(work)

    async def transact(self, work: Callable[[SqliteConnection], Awaitable[T]]) -> T:
        """Do all of a work or nothing."""

        async def transaction(connection: SqliteConnection) -> T:
            # Commits, or rolls back.
            with connection.driver:
                connection.driver.execute("BEGIN IMMEDIATE")
                return await work(connection)

        return await self.run(transaction)

    async def take(self, name: str) -> bool:
        """Lock the name's own byte of a file beside the database's."""
        if sys.platform != "win32":
            with _FAILURES:
                file = self._lock_file()
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(name))
                except (BlockingIOError, PermissionError):
                    return False
        return True

    async def release(self, name: str) -> None:
        """Unlock the name's byte."""
        if sys.platform != "win32":
            fcntl.lockf(self._lock_file(), fcntl.LOCK_UN, 1, _offset(name))

    async def close(self) -> None:
        """Close the database and its lock file."""
        if self._connection is not None:
            self._connection.driver.close()
            self._connection = None
        if self._locks is not None:
            os.close(self._locks)
            self._locks = None

    def _open(self) -> SqliteConnection:
        if self._connection is None:
            with ExitStack() as stack:
                # Each statement is committed by itself, but in a transaction; and the waiting is
                # done here, without standing in everybody's way.
                driver = sqlite3.connect(
                    self._file, timeout=0, isolation_level=None, check_same_thread=False
                )
                stack.enter_context(closing(driver))
                driver.execute("PRAGMA journal_mode = WAL")
                driver.execute("PRAGMA synchronous = NORMAL")
                stack.pop_all()
            self._connection = SqliteConnection(driver, self._compiler)
        return self._connection

    def _lock_file(self) -> int:
        if self._locks is None:
            path = f"{self._file}-locks"
            self._locks = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._locks


def _offset(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:7])
