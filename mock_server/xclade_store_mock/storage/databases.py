"""What the storage needs of a database, whichever kind it is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import ClauseElement, Delete, Insert, Select, Update

T = TypeVar("T")

Statement: TypeAlias = ClauseElement
"""What SQLAlchemy can write for any kind of database."""

Change: TypeAlias = Insert | Update | Delete


class Connection(Protocol):
    """Where statements are carried out; their parameters are given by name."""

    async def row(self, statement: Statement, **values: Any) -> Sequence[Any] | None:
        """Answer the one row that is found, or None."""

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]:
        """Answer all rows that are found."""

    async def row_for_each(
        self, statement: Select[Any], values: Sequence[Mapping[str, Any]]
    ) -> Sequence[Sequence[Any] | None]:
        """Answer what `row` does, for each of several sets of values: they are one statement."""

    async def change(self, statement: Statement, **values: Any) -> int:
        """Change the database; answer how many rows that befell."""

    async def change_for_each(
        self, statement: Change, values: Sequence[Mapping[str, Any]]
    ) -> Sequence[bool]:
        """Change rows for each of several sets of values, as one statement; tell for which any."""

    async def has_table(self, name: str) -> bool:
        """Tell whether there is a table of this name."""


class Database(Protocol):
    """One kind of database; every method raises StorageUnavailable when it cannot work.

    A work may be done again from its beginning, and must not wait for anything but its connection.
    """

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do a work of one statement."""

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do all of a work or nothing."""

    async def take(self, name: str) -> bool:
        """Take a lock unless another process has it; it ends with this process at the latest."""

    async def release(self, name: str) -> None:
        """Give a lock back."""

    async def close(self) -> None:
        """Let go of what is open."""
