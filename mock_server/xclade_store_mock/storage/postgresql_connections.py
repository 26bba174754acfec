"""Connections to PostgreSQL, by asyncpg."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from selectors import EVENT_READ, DefaultSelector
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Integer, Select, bindparam, func, select

from xclade_store_mock.storage.compiler import Compiler
from xclade_store_mock.storage.databases import Change, Statement

T = TypeVar("T")

_TABLE = select(func.to_regclass(bindparam("table")).is_not(None))
_PLACE = "place"


class Driver(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
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

    def __init__(self, driver: Driver, compiler: Compiler) -> None:
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
        self, statement: Change, values: Sequence[Mapping[str, Any]]
    ) -> Sequence[bool]:
        """Change rows for each of several sets of values; tell whether there were any."""
        found = await self._numbered(_numbering_change(statement), values)
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
def _numbering_change(statement: Change) -> Statement:
    return statement.returning(bindparam(_PLACE, type_=Integer))


class Connections:
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
