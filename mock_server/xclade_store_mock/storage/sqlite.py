"""SQLite: a file, used by the processes of one machine."""

import asyncio
import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, column, select, table
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from xclade_store_mock.storage.compiler import Compiler
from xclade_store_mock.storage.databases import Change, Statement
from xclade_store_mock.storage.failures import unavailable

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")

_PATIENCE = 10.0  # seconds to wait for another process's transaction, which takes a millisecond
_PAUSE = 0.001

_SCHEMA = table("sqlite_master", column("name"))
_TABLE = select(_SCHEMA.c.name).where(_SCHEMA.c.name == bindparam("table"))

_FAILURES = (sqlite3.Error, OSError)
# Of these, what comes from what the database was given is a bug.
_BUGS = (sqlite3.DataError, sqlite3.IntegrityError)


class SqliteConnection:
    """Carries statements out at once: nothing of this process comes in between."""

    def __init__(self, driver: sqlite3.Connection, compiler: Compiler) -> None:
        self.driver = driver
        self._compiler = compiler

    async def row(self, statement: Statement, **values: Any) -> Sequence[Any] | None:
        """Answer the one row that is found, or None."""
        found = self._find(statement, values)
        return found[0] if found else None

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]:
        """Answer all rows that are found."""
        return self._find(statement, values)

    async def row_for_each(
        self, statement: Select[Any], values: Sequence[Mapping[str, Any]]
    ) -> Sequence[Sequence[Any] | None]:
        """Answer what `row` does, for each of several sets of values."""
        found = self._for_each(lambda each: self._find(statement, each), values)
        return [rows[0] if rows else None for rows in found]

    async def change(self, statement: Statement, **values: Any) -> int:
        """Change the database; answer how many rows that befell."""
        return self._execute(statement, values).rowcount

    async def change_for_each(
        self, statement: Change, values: Sequence[Mapping[str, Any]]
    ) -> Sequence[bool]:
        """Change rows for each of several sets of values; tell whether there were any."""
        return self._for_each(lambda each: self._execute(statement, each).rowcount > 0, values)

    async def has_table(self, name: str) -> bool:
        """Tell whether there is a table of this name."""
        return await self.row(_TABLE, table=name) is not None

    def _for_each(
        self, do: Callable[[Mapping[str, Any]], T], values: Sequence[Mapping[str, Any]]
    ) -> list[T]:
        # A single statement is a transaction by itself.
        if len(values) == 1 or self.driver.in_transaction:
            return [do(each) for each in values]
        with self.driver:
            self.driver.execute("BEGIN")
            return [do(each) for each in values]

    def _find(self, statement: Statement, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        return self._execute(statement, values).fetchall()

    def _execute(self, statement: Statement, values: Mapping[str, Any]) -> sqlite3.Cursor:
        return self.driver.execute(*self._compiler.compile(statement, values))


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
        while True:
            try:
                return await work(self._connection or self._open())
            except _BUGS:
                raise
            except _FAILURES as error:
                if not _is_busy(error) or time.monotonic() > end:
                    raise unavailable(error) from error
            await asyncio.sleep(_PAUSE)

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
            try:
                fcntl.lockf(self._lock_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(name))
            except (BlockingIOError, PermissionError):
                return False
            except OSError as error:
                raise unavailable(error) from error
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
        with ExitStack() as stack:
            # Each statement is committed by itself, but in a transaction; and the waiting is done
            # here, without standing in everybody's way.
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


def _is_busy(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    # The last byte tells the kind.
    return code & 0xFF == sqlite3.SQLITE_BUSY


@lru_cache(maxsize=1_000)
def _offset(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:7])
