"""Statements run on one connection, and their trouble told as ours."""

from collections.abc import Callable
from contextlib import closing
from types import ModuleType
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, PoolProxiedConnection
from sqlalchemy.exc import SQLAlchemyError

from unlatch.errors import StoreError
from unlatch.stores.sql import cures
from unlatch.stores.sql.statements import Said, Statements

T = TypeVar("T")

Row = tuple[Any, ...]
Cursor = Any  # what PEP 249 says of it has no type


class Clash(StoreError):
    """A constraint of the database said no."""

    def __init__(self, message: str) -> None:
        self._message = message
        super().__init__("a constraint was violated")

    def is_about(self, column: str) -> bool:
        """Databases name the column, or the constraint, whose name has the column's in it."""
        return column in self._message


class Sql:
    """One connection of a pool. Every result is fetched before it is given, so that no cursor, and
    no error of one, is left for later.

    Args:
        take: Gives a connection that nobody else uses.
        give_back: Takes it back; what was begun on it, and not committed, has to be undone.
        driver: The module that makes them, as PEP 249 has it.
        found_dead: Gives a connection up that an error says is good for nothing any more, and
            tells whether it died by itself. Then the first statement is run again, once, on a new
            one: mostly it had died while nobody used it. That may be wrong, so what runs first has
            to be a SELECT, or a BEGIN with what comes with it.
    """

    def __init__(
        self,
        take: Callable[[], PoolProxiedConnection],
        give_back: Callable[[PoolProxiedConnection], None],
        driver: ModuleType,
        statements: Statements,
        found_dead: Callable[[PoolProxiedConnection, Exception], bool],
    ) -> None:
        self.connection = take()
        self._take = take
        self._give_back = give_back
        self._driver = driver
        self._statements = statements
        self._found_dead = found_dead
        self.has_asked = False
        """Whether anything went to the database; a BEGIN that waits for its statement has not."""

    def begin(self, statement: ClauseElement) -> None:
        """Open a transaction, now or with what is asked first."""
        self.run(statement)

    def rows(self, statement: ClauseElement, **values: Any) -> list[Row]:
        return self._run(statement, values, _all_rows)

    def first(self, statement: ClauseElement, **values: Any) -> Row | None:
        return self._run(statement, values, _first_row)

    def run(self, statement: ClauseElement, **values: Any) -> None:
        self._run(statement, values, _how_many)

    def count(self, statement: ClauseElement, **values: Any) -> int:
        """How many rows an UPDATE or DELETE touched."""
        return self._run(statement, values, _how_many)

    def close(self) -> None:
        """Give the connection back; what was begun on it, and not committed, is undone."""
        self._give_back(self.connection)

    def _run(
        self, statement: ClauseElement, values: dict[str, Any], taken: Callable[[Cursor], T]
    ) -> T:
        if not self.connection.is_valid:
            raise StoreError("the connection was lost before")
        said = self._statements.said(statement, values)
        is_first, self.has_asked = not self.has_asked, True
        try:
            with closing(self.connection.cursor()) as cursor:
                self._send(cursor, said)
                return taken(cursor)
        except self._driver.Error as error:
            had_died = self._found_dead(self.connection, error)
            if not (is_first and had_died):
                raise told(error, self._driver) from error
        self.connection = self._take()
        return self._run(statement, values, taken)

    def _send(self, cursor: Cursor, said: Said) -> None:
        cursor.execute(*said)


def _all_rows(cursor: Cursor) -> list[Row]:
    found: list[Row] = cursor.fetchall()
    return found


def _first_row(cursor: Cursor) -> Row | None:
    found: Row | None = cursor.fetchone()
    return found


def _how_many(cursor: Cursor) -> int:
    count: int = cursor.rowcount
    return count


class store_errors:  # noqa: N801  # a context manager: of a generator each select would call more
    """Whatever the driver or SQLAlchemy raises inside becomes a `StoreError`, the original as its
    cause.
    """

    def __init__(self, driver: ModuleType) -> None:
        self._driver = driver

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        if isinstance(error, (self._driver.Error, SQLAlchemyError)):
            raise told(error, self._driver) from error


def told(error: Exception, driver: ModuleType) -> StoreError:
    """The same in our words."""
    said = getattr(error, "orig", None) or error
    if isinstance(said, driver.IntegrityError):
        return Clash(str(said))
    return StoreError(f"The database does not answer as it should: {cures.told(said)}")
