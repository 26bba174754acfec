"""The database SQLite: a file, used by the processes of one machine."""

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage import Row, lock_number, schema, unavailable

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")

_PATIENCE = 10.0  # seconds to wait for another process's transaction, which takes a millisecond
_PAUSE = 0.001

_FAILURES = (sqlite3.Error, OSError)
# Failures that a bug of the caller causes: values that the database cannot take.
_CALLER_ERRORS = (sqlite3.DataError, sqlite3.IntegrityError)


@dataclass(frozen=True, slots=True)
class SqliteConnection:
    """Runs each statement at once, without an `await` at which another task could come between."""

    driver: sqlite3.Connection

    async def row(self, statement: str, *values: Any) -> Row | None:
        row: Row | None = self._execute(statement, values).fetchone()
        return row

    # A transaction that can write is the only one: BEGIN IMMEDIATE has locked everything.
    lock_row = row

    async def rows(self, statement: str, *values: Any) -> Sequence[Row]:
        return self._execute(statement, values).fetchall()

    async def row_for_each(self, statement: str, keys: Sequence[str]) -> Sequence[Row | None]:
        return self._for_each(lambda key: self._execute(statement, (key,)).fetchone(), keys)

    async def change(self, statement: str, *values: Any) -> None:
        self._execute(statement, values)

    async def change_for_each(self, statement: str, values: Sequence[Row]) -> Sequence[bool]:
        return self._for_each(lambda each: self._execute(statement, each).rowcount > 0, values)

    def _for_each(self, execute: Callable[[Any], T], values: Sequence[Any]) -> list[T]:
        # A single statement is a transaction by itself.
        if len(values) == 1 or self.driver.in_transaction:
            return [execute(each) for each in values]
        with self.driver:
            self.driver.execute("BEGIN")
            return [execute(each) for each in values]

    def _execute(self, statement: str, values: Row) -> sqlite3.Cursor:
        # The driver takes $1 for a name.
        return self.driver.execute(statement, dict(zip("123456789", values, strict=False)))


class SqliteDatabase:
    """Works on the event loop's thread: a transaction is faster than handing it to another thread.

    Only `asyncio.sleep` waits for other processes. What was committed survives a killed process;
    a power failure may undo the last moments (`synchronous=NORMAL`).
    """

    find_table = "SELECT name FROM sqlite_master WHERE name = $1"
    create_tables = schema.create_tables(
        id="text", counter="integer PRIMARY KEY", real="real", binary="blob"
    )

    def __init__(self, file: str) -> None:
        self._file = file
        self._connection: SqliteConnection | None = None
        # One descriptor for the process: closing any other one would release all its locks.
        self._lock_file: int | None = None

    async def create(self) -> None:
        # Only the owner may read the tokens in it; SQLite gives the files beside it the same mode.
        try:
            os.close(_create(self._file))
        except FileNotFoundError as error:
            raise StorageUnavailable(f"there is no directory {Path(self._file).parent}") from error
        except OSError:
            pass  # SQLite's own error says more
        await self.run(lambda it: it.row(self.find_table, schema.STORE))

    async def run(self, query: Callable[[SqliteConnection], Awaitable[T]]) -> T:
        """Run a query of one statement, waiting while another process writes."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return await query(self._connection or self._open())
            except _CALLER_ERRORS:
                raise
            except _FAILURES as error:
                if not _is_busy(error) or time.monotonic() > end:
                    raise unavailable(error) from error
            await asyncio.sleep(_PAUSE)

    async def transact(self, query: Callable[[SqliteConnection], Awaitable[T]]) -> T:
        async def transaction(connection: SqliteConnection) -> T:
            # Commits, or rolls back.
            with connection.driver:
                connection.driver.execute("BEGIN IMMEDIATE")
                return await query(connection)

        return await self.run(transaction)

    async def acquire_lock(self, name: str) -> bool:
        """Lock one byte, the name's own, of a file beside the database's.

        Windows has no such locks: there, the command refuses several workers.
        """
        if sys.platform != "win32":
            try:
                flags = fcntl.LOCK_EX | fcntl.LOCK_NB
                fcntl.lockf(self._open_lock_file(), flags, 1, lock_number(name))
            except (BlockingIOError, PermissionError):
                return False
            except OSError as error:
                raise unavailable(error) from error
        return True

    async def release_lock(self, name: str) -> None:
        if sys.platform != "win32":
            fcntl.lockf(self._open_lock_file(), fcntl.LOCK_UN, 1, lock_number(name))

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.driver.close()
            self._connection = None
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _open(self) -> SqliteConnection:
        with ExitStack() as stack:
            # Each statement outside a transaction is committed by itself; and no statement waits
            # for a lock, which would stop the event loop.
            driver = sqlite3.connect(
                # Not mode=rwc: if the file was deleted since `create`, an empty one would not help.
                f"file:{quote(str(Path(self._file).absolute()))}?mode=rw",
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
                uri=True,
            )
            stack.enter_context(closing(driver))
            driver.execute("PRAGMA journal_mode = WAL")
            driver.execute("PRAGMA synchronous = NORMAL")
            stack.pop_all()
        self._connection = SqliteConnection(driver)
        return self._connection

    def _open_lock_file(self) -> int:
        if self._lock_file is None:
            self._lock_file = _create(f"{self._file}-locks")
        return self._lock_file


def _create(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)


def _is_busy(error: Exception) -> bool:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    # The last byte is the kind of error; the others tell more.
    return code & 0xFF == sqlite3.SQLITE_BUSY
