"""Statements as a driver takes them, compiled once.

SQLAlchemy says them, for either database, but does not run them: to look each up in its cache, and
to make a result of what came back, took it ten times what SQLite took to answer, and a fifth of the
processor time of a sign-in (`make bench-profile`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ValuesBase

Parameters = Sequence[Any] | Mapping[str, Any]
Said = tuple[str, Parameters]
"""A statement's text, and its parameters: by place or by name, as the driver wants them."""


class Statements:
    """Those of one database. Each is a constant of a module, so there are only so many."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._compiled: dict[tuple[object, ...], _Compiled] = {}

    def said(self, statement: ClauseElement, values: dict[str, Any]) -> Said:
        """A statement with its values, which must not be more than it asks for."""
        key = (statement, *values)  # of an INSERT or UPDATE they are its columns, too
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._compile(statement, values)
        return compiled.said(values)

    def _compile(self, statement: ClauseElement, values: dict[str, Any]) -> "_Compiled":
        # In a SELECT that has writing parts they would be taken for columns of each of those.
        columns = list(values) if isinstance(statement, ValuesBase) else None
        compiled = statement.compile(dialect=self._dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101  # all but DDL are
        return _Compiled(
            compiled=compiled,
            text=str(compiled),
            constants={
                name: one.effective_value
                for one, name in compiled.bind_names.items()
                if not one.required
            },
            places=compiled.positiontup,
            grows=bool(compiled.post_compile_params),
        )


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Attributes:
    constants: What it says itself.
    places: The names of its parameters in their order, where the driver goes by places.
    grows: Whether its text has as many places as it gets values (IN).
    """

    compiled: SQLCompiler
    text: str
    constants: dict[str, Any]
    places: Sequence[str] | None
    grows: bool

    def said(self, values: dict[str, Any]) -> Said:
        if self.grows:
            grown = self.compiled.construct_expanded_state(values)
            by_name = self.places is None
            return grown.statement, grown.parameters if by_name else grown.positional_parameters
        named = {**self.constants, **values}
        if self.places is None:
            return self.text, named
        return self.text, [named[name] for name in self.places]
