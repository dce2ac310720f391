"""One database: its connections, its transactions, its schema. What differs between
databases is in subclasses, a file each.

Nothing happens before the first use: no file, no connection. After a fork the child makes
everything anew: a connection, and a lock that another thread held, must not cross over.
"""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakSet

from sqlalchemy import ClauseElement, Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from unlatch.errors import SchemaBehind, StoreError
from unlatch.stores.sql import schema
from unlatch.stores.sql.running import Row, Sql, T, store_errors
from unlatch.stores.sql.schema import State
from unlatch.stores.sql.statements import Statements

_all: "WeakSet[Database]" = WeakSet()
left_behind: list[object] = []
"""By forks: what a child lets go of, the pool would tidy up under the parent's hands."""


class Database(ABC):
    """A database that holds our tables.

    Args:
        driver: The module by which its engine connects, as PEP 249 has it.
    """

    _sql_type: type[Sql] = Sql
    """How it runs statements."""

    writes_inside_statements = False
    """Whether a statement may have others in it that write (WITH … INSERT)."""

    def __init__(self, driver: ModuleType) -> None:
        self._driver = driver
        self._engine: Engine | None = None
        self._statements: Statements | None = None
        self._fits = False
        self._opening = threading.Lock()
        _all.add(self)

    @property
    def engine(self) -> Engine:
        """Made at the first need, for this process only. Connects to nothing by itself."""
        engine = self._engine
        if engine is None:
            with self._opening:
                engine = self._engine = self._engine or self._make_engine()
        return engine

    def rows(self, select: ClauseElement, **values: Any) -> list[Row]:
        """All that one select finds, outside any transaction and on a connection of its own: never
        within `writing`, where it would wait for a second while it holds the first.

        Raises:
            SchemaBehind, StoreError: As `make_ready` does; or it does not answer.
        """
        return self._ask(self._sql_type.rows, select, values)

    def first(self, select: ClauseElement, **values: Any) -> Row | None:
        """The first row of all that one select finds, likewise; None where there is none."""
        return self._ask(self._sql_type.first, select, values)

    @contextmanager
    def writing(self) -> Iterator[Sql]:
        """A transaction: commits at the end, rolls back when anything is raised."""
        self.make_ready()
        with self._turn_to_write(), store_errors(self._driver), closing(self._sql()) as sql:
            self._begin(sql)
            yield sql
            self._commit(sql)

    def make_ready(self) -> None:
        """See, once, that the schema is the one this code works with.

        Raises:
            SchemaBehind: It waits for `flask unlatch db upgrade`.
            StoreError: A newer Unlatch wrote it, or it does not answer.
        """
        if self._fits:
            return
        state = self._settle()
        if state is State.AHEAD:
            raise StoreError(
                "A newer Unlatch has upgraded this database; run that version again, or "
                "restore a copy from before its upgrade."
            )
        if not state.serves:
            raise SchemaBehind(
                "The database's tables are not those of this version of Unlatch; run "
                "`flask unlatch db upgrade` (`unlatch db upgrade` on the ready server)."
            )
        self._fits = True

    def check(self) -> State:
        """How the schema stands to this code. Changes nothing."""
        with store_errors(self._driver):
            try:
                return schema.check(self.engine)
            except DBAPIError as error:
                if not self._had_died(error):
                    raise
            return schema.check(self.engine)

    def clock(self) -> int | None:
        """What its own clock says, in microseconds; None where that is this machine's."""
        return None

    @abstractmethod
    def upgrade(self) -> None:
        """Bring the schema to this code's. Several may ask at once."""

    @abstractmethod
    def backup(self, target: Path) -> None:
        """Copy the whole database into a new file while it is in use."""

    def close(self) -> None:
        """Give back all connections that nobody uses. The next use opens anew."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _ask(self, ask: Callable[..., T], select: ClauseElement, values: dict[str, Any]) -> T:
        self.make_ready()
        with store_errors(self._driver), closing(self._sql()) as sql:
            return ask(sql, select, **values)

    @abstractmethod
    def _make_engine(self) -> Engine: ...

    @abstractmethod
    def _turn_to_write(self) -> AbstractContextManager[None]:
        """Wait until this thread may open a transaction that writes."""

    @abstractmethod
    def _begin(self, sql: Sql) -> None: ...

    def _commit(self, sql: Sql) -> None:
        sql.connection.commit()

    def _sql(self) -> Sql:
        if self._statements is None:
            self._statements = Statements(self.engine.dialect)
        return self._sql_type(
            self._take, self._give_back, self._driver, self._statements, self._found_dead
        )

    def _take(self) -> PoolProxiedConnection:
        """A connection out of the pool."""
        return self.engine.raw_connection()

    def _give_back(self, connection: PoolProxiedConnection) -> None:
        """Into the pool, which undoes what was begun on it, and not committed."""
        connection.close()

    def _found_dead(
        self,
        connection: PoolProxiedConnection,  # noqa: ARG002  # for subclasses
        error: Exception,  # noqa: ARG002
    ) -> bool:
        """See to a connection that an error says is good for nothing any more: nobody else may
        get it. Tell whether it had died while nobody used it, so that nothing was done.
        """
        return False

    def _had_died(self, error: DBAPIError) -> bool:
        """The same of one that SQLAlchemy has seen to itself."""
        return error.connection_invalidated

    def _settle(self) -> State:
        """What to do about the schema at the first use: look."""
        return self.check()

    def _forget(self) -> None:
        """In a forked child: leave the parent's connections alone, unclosed."""
        if self._engine is not None:
            # Closing them here would have SQLite tidy up files that the parent still uses.
            left_behind.append(self._engine)
        self._engine = None
        self._opening = threading.Lock()


def _forget_all() -> None:
    for database in list(_all):
        database._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
