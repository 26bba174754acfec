"""SQLite: a file, used by the processes of one machine."""

import asyncio
import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from xclade_store_mock.storage.failures import storage_failures
from xclade_store_mock.storage.transactions import transact

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")

_PATIENCE = 10.0  # seconds to wait for another process's transaction, which takes a millisecond
_PAUSE = 0.001


class SqliteDatabase:
    """Works on the event loop's thread: a transaction takes less time than the way to another.

    Nothing here waits for another process but in `asyncio.sleep`. What was committed survives the
    process, and after a power failure may lack its last moments (`synchronous=NORMAL`).
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection: Connection | None = None
        # Process-wide: closing any file that is open on it would give all locks back.
        self._locks: int | None = None

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do a work of one statement."""
        with storage_failures():
            return await _when_free(lambda: work(self._open()))

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do all of a work or nothing."""
        with storage_failures():
            return await _when_free(lambda: transact(self._open(), work, "BEGIN IMMEDIATE"))

    async def take(self, name: str) -> bool:
        """Lock the name's own byte of a file beside the database's."""
        if sys.platform != "win32":
            with storage_failures():
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
            self._connection.close()
            self._connection.engine.dispose()
            self._connection = None
        if self._locks is not None:
            os.close(self._locks)
            self._locks = None

    def _open(self) -> Connection:
        if self._connection is None:
            with ExitStack() as stack:
                connection = stack.enter_context(_engine(self._url).connect())
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
                stack.pop_all()
            self._connection = connection
        return self._connection

    def _lock_file(self) -> int:
        if self._locks is None:
            path = f"{self._url.database}-locks"
            self._locks = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._locks


def _engine(url: URL) -> Engine:
    return create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        # The waiting is done here, without standing in everybody's way.
        connect_args={"check_same_thread": False, "timeout": 0},
        hide_parameters=True,
    )


async def _when_free(work: Callable[[], T]) -> T:
    """Work as soon as no other process is writing."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return work()
        except OperationalError as error:
            # The last byte tells the kind.
            code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
            if code != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        await asyncio.sleep(_PAUSE)


def _offset(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:7])
