"""SQLAlchemy's statements as a database's own driver takes them.

SQLAlchemy knows how each kind of database wants them written; carrying them out by its engine, too,
would take several times as long as the driver does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from xclade_store_mock.storage.databases import Statement


class _Compiled(NamedTuple):
    text: str
    names: Sequence[str]


class Compiler:
    """Writes each statement once, and keeps what it wrote: so statements should be constants."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._compiled: dict[Statement, _Compiled] = {}

    def compile(self, statement: Statement, values: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
        """Answer a statement's text, and the values in the order in which it asks for them."""
        compiled = self._compiled.get(statement)
        if compiled is None:
            compiled = self._compiled[statement] = self._compile(statement)
        return compiled.text, tuple(map(values.__getitem__, compiled.names))

    def _compile(self, statement: Statement) -> _Compiled:
        compiled = statement.compile(dialect=self._dialect)
        # What makes tables has no parameters.
        names = compiled.positiontup if isinstance(compiled, SQLCompiler) else None
        return _Compiled(str(compiled), names or ())
