"""Statements run on one connection, and their trouble told as ours."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Row
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from unlatch.errors import StoreError
from unlatch.stores.sql import cures


class Clash(StoreError):
    """A constraint of the database said no."""

    def __init__(self, message: str) -> None:
        self._message = message
        super().__init__("a constraint was violated")

    def is_about(self, column: str) -> bool:
        """Databases name the column, or the constraint, whose name has the column's in it."""
        return column in self._message


class Sql:
    """One connection. Every result is fetched before it is given, so that no cursor, and no
    error of one, is left for later.

    Args:
        found_dead: For reading. Whether an error says that the connection had died before, while
            nobody used it: then, once, the statement is run again on a new one.
    """

    def __init__(
        self, connection: Connection, found_dead: Callable[[SQLAlchemyError], bool] | None = None
    ) -> None:
        self._connection = connection
        self._found_dead = found_dead

    def rows(self, statement: Executable, **values: Any) -> Sequence[Row[Any]]:
        with store_errors():
            return self._result(statement, values).all()

    def first(self, statement: Executable, **values: Any) -> Row[Any] | None:
        with store_errors():
            return self._result(statement, values).first()

    def run(self, statement: Executable, **values: Any) -> None:
        with store_errors():
            self._result(statement, values)

    def count(self, statement: Executable, **values: Any) -> int:
        """How many rows an UPDATE or DELETE touched."""
        with store_errors():
            return self._result(statement, values).rowcount

    def _result(self, statement: Executable, values: dict[str, Any]) -> CursorResult[Any]:
        found_dead, self._found_dead = self._found_dead, None
        try:
            return self._connection.execute(statement, values)
        except SQLAlchemyError as error:
            if found_dead is None or not found_dead(error):
                raise
        self._connection.rollback()
        return self._connection.execute(statement, values)


@contextmanager
def store_errors() -> Iterator[None]:
    """Whatever SQLAlchemy raises inside becomes a `StoreError`, the original as its cause."""
    try:
        yield
    except IntegrityError as error:
        raise Clash(str(error.orig)) from error
    except SQLAlchemyError as error:
        said = cures.told(getattr(error, "orig", None) or error)
        raise StoreError(f"The database does not answer as it should: {said}") from error
