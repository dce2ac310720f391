"""What is particular to PostgreSQL: how a connection is made, how long it is waited for, when a
COMMIT is believed, who upgrades.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    ClauseElement,
    Engine,
    ExceptionContext,
    PoolProxiedConnection,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError, DisconnectionError

from unlatch.database_url import libpq_parameters
from unlatch.errors import CommitUnknown, StoreError
from unlatch.stores.sql import postgresql_dump, schema
from unlatch.stores.sql.database import Database, left_behind
from unlatch.stores.sql.postgresql_connection import PromptConnection, TooLate, how_values_travel
from unlatch.stores.sql.postgresql_deadline import Connecting, Deadline
from unlatch.stores.sql.postgresql_pipeline import PipelinedSql
from unlatch.stores.sql.postgresql_unheard import UnheardCommits
from unlatch.stores.sql.running import Sql, T, store_errors

_CONNECTION = {
    "connect_timeout": "2",  # seconds for each host: libpq knows no less
    "tcp_user_timeout": "1500",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "2",
}
_SERVER = (
    "-c statement_timeout=1200 -c lock_timeout=1000 -c idle_in_transaction_session_timeout=5000"
)
"""The server's own deadlines, in milliseconds: shorter than ours, so that what is slow ends there,
too, but for a COMMIT (`postgresql_unheard.py`). The last frees what a process held that died, or
was cut off, in the middle of a transaction.
"""

_POOL_SECONDS = 1.0

_CONNECTIONS = 10
"""Of each process, at most: `server.worker.AT_ONCE` requests, the sender and a probe. More would
wait for the same disk; more threads than that wait for a connection, which is soon free.
"""

# Whatever the role's defaults are: at other levels a statement that waited for another would fail
# instead of looking again.
_BEGIN = text("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
_PATIENTLY = text(  # until the transaction ends
    "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)"
)

_HAS_WRITTEN = text("SELECT txid_current_if_assigned() IS NOT NULL")  # as the first write does

_CLOCK = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)")

_MAY_BE_COMMITTED = ("08", "57P", "58")
"""Errors of these classes in answer to COMMIT come from somebody who lost the server, or from a
server that ends; any other says that nothing was kept.
"""

_READ_ONLY = ("25006", "0A000")
"""A server that was the primary, and is a standby now."""

_UPGRADE_LOCK = 0x756E6C61746368  # "unlatch"
_UPGRADE_PAUSE = 0.2
_UPGRADE_SECONDS = 600.0


class PostgresqlDatabase(Database):
    """A database of its own, or a host's.

    Args:
        url: As libpq takes it; `postgres://` and `postgresql+psycopg://` mean the same.
        pooler: Whether a pooler in transaction mode stands in front, which hands each
            transaction to another server process.
        patient: Let statements take as long as they need: for commands.

    Raises:
        ValueError: libpq cannot read the URL.
    """

    _sql_type = PipelinedSql
    writes_inside_statements = True

    def __init__(self, url: str, *, pooler: bool = False, patient: bool = False) -> None:
        super().__init__(psycopg)
        self._parameters = _CONNECTION | _read(url)  # may hold a password: tell nobody
        self._pooler = pooler
        self._patient = patient
        self._deadline = Deadline()
        self._unheard = UnheardCommits()
        self._gone_at = 0.0
        if not pooler:
            own = self._parameters.get("options", "")
            self._parameters["options"] = f"{_SERVER} {own}".rstrip()

    @contextmanager
    def writing(self) -> Iterator[Sql]:
        with self._deadline.begins(), super().writing() as sql:
            yield sql

    def clock(self) -> int:
        (told,) = self.rows(_CLOCK)[0]
        return int(told)

    def upgrade(self) -> None:
        with store_errors(psycopg):
            self._wait_and_upgrade("head")

    def backup(self, target: Path) -> None:
        if self._pooler:
            raise StoreError(
                "UNLATCH_DATABASE_POOLER is set, and pg_dump must not run through a pooler in "
                "transaction mode: run `pg_dump --format=custom --file=FILE` at PostgreSQL itself."
            )
        postgresql_dump.dump(self._parameters, target)

    def _ask(self, ask: Callable[..., T], select: ClauseElement, values: dict[str, Any]) -> T:
        with self._deadline.begins():
            return super()._ask(ask, select, values)

    def _wait_and_upgrade(self, target: str) -> None:
        """Try to be the one, and sleep outside of any transaction: whoever waited inside one
        for the lock would be ended by the server's deadlines.
        """
        until = time.monotonic() + _UPGRADE_SECONDS
        while not self._upgraded(target):
            if time.monotonic() > until:
                raise StoreError("waited in vain for another process to end its upgrade")
            time.sleep(_UPGRADE_PAUSE)

    def _upgraded(self, target: str) -> bool:
        with self.engine.connect() as connection:
            _driver(connection.connection).until = None
            connection.execute(_BEGIN)
            alone = text("SELECT pg_try_advisory_xact_lock(:number)")
            if not connection.execute(alone, {"number": _UPGRADE_LOCK}).scalar():
                return False
            for setting in ("lock_timeout = '2s'", "statement_timeout = 0"):
                connection.execute(text(f"SET LOCAL {setting}"))
            if schema.state_of(connection).waits:  # else others were quicker, or are newer
                schema.migrate(connection, target)
            connection.commit()
        return True

    def _make_engine(self) -> Engine:
        # The URL says nothing but which dialect: libpq reads the operator's, which may name
        # several hosts, and no password can come out of an engine that never had one.
        connecting = Connecting(self._connect)
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: self._connected(connecting),
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=_POOL_SECONDS,
            # One select is no transaction; one that is begins with a BEGIN of ours.
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,  # would ask each database for a type that we don't use
            hide_parameters=True,
        )
        event.listen(engine, "engine_disposed", lambda _: connecting.close())
        event.listen(engine, "engine_disposed", lambda _: self._unheard.close())
        event.listen(engine, "checkout", self._taken)
        event.listen(engine, "handle_error", _judge)
        return engine

    def _connected(self, connecting: Connecting) -> PromptConnection:
        if self._patient:
            return self._connect()
        until = self._deadline.of_statements
        connection = connecting.connection(until)
        connection.until = until  # SQLAlchemy asks the first about itself, ahead of `_taken`
        return connection

    def _connect(self) -> PromptConnection:
        connection = PromptConnection.connect(
            make_conninfo("", **self._parameters),
            autocommit=True,
            # Prepared statements live in one server process; a pooler gives each transaction
            # another.
            prepare_threshold=None if self._pooler else 5,
            context=_Context(),
        )
        if connection.info.encoding == "ascii":
            connection.close()
            raise OperationalError("the database's encoding is SQL_ASCII, which keeps no names")
        connection.listen()
        return connection

    def _taken(self, connection: PromptConnection, *_: object) -> None:
        if connection.made_at <= self._gone_at:
            raise DisconnectionError("made when others were that are dead now")
        connection.until = None if self._patient else self._deadline.of_statements

    def _found_dead(self, connection: PoolProxiedConnection, error: Exception) -> bool:
        driver = _driver(connection)
        if not driver.closed and getattr(error, "sqlstate", None) not in _READ_ONLY:
            return False
        connection.invalidate(error)
        if isinstance(error, TooLate):
            # One answer that was late says nothing of all other connections: an overloaded server
            # would have to make them anew.
            return False
        # After a fail-over all that lead to the old primary are good for nothing.
        if driver.made_at > self._gone_at:
            self._gone_at = time.monotonic()
        return True

    def _had_died(self, error: DBAPIError) -> bool:
        return super()._had_died(error) and not isinstance(error.orig, TooLate)

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        with self._unheard.writing():  # PostgreSQL lets many write at once
            yield

    def _begin(self, sql: Sql) -> None:
        sql.begin(_BEGIN)
        if self._patient:
            sql.run(_PATIENTLY)

    def _commit(self, sql: Sql) -> None:
        """Raises:
        CommitUnknown: The connection was cut before an answer came; or the server warned, as
            it does when it gave up to wait for a synchronous standby.
        """
        if not sql.has_asked:  # BEGIN never went out
            return
        driver = _in_transaction(sql)
        # A COMMIT of nothing waits for nobody, and says nothing of those that do.
        ends_the_wait = bool(self._unheard) and sql.first(_HAS_WRITTEN) == (True,)
        driver.warned = False
        driver.until = None if self._patient else self._deadline.of_commit
        try:
            sql.connection.commit()
        except TooLate as error:
            self._unheard.keep(sql.connection)
            raise CommitUnknown from error
        except psycopg.Error as error:
            self._found_dead(sql.connection, error)
            if driver.closed or _may_be_committed(error):
                self._unheard.lost()
                raise CommitUnknown from error
            raise
        if driver.warned:
            raise CommitUnknown
        if ends_the_wait:
            self._unheard.close()

    def _give_back(self, connection: PoolProxiedConnection) -> None:
        if connection not in self._unheard:
            super()._give_back(connection)

    def _forget(self) -> None:
        super()._forget()
        left_behind.append(self._unheard)
        self._unheard = UnheardCommits()


class _Context:
    """What psycopg takes for values on their way, made once."""

    adapters = how_values_travel()
    connection = None


def _read(url: str) -> dict[str, str]:
    named = libpq_parameters(url)
    if "," in named.get("host", "") + named.get("hostaddr", ""):
        # A standby is behind by a moment, in which it would let somebody in who was signed out.
        named.setdefault("target_session_attrs", "read-write")
    return named


def _driver(connection: PoolProxiedConnection) -> PromptConnection:
    driver = connection.dbapi_connection
    assert isinstance(driver, PromptConnection)  # noqa: S101  # made by `_connect`
    return driver


def _in_transaction(sql: Sql) -> PromptConnection:
    if sql.connection.is_valid:
        driver = _driver(sql.connection)
        if driver.info.transaction_status is TransactionStatus.INTRANS:
            return driver
    # The server would answer "ROLLBACK", and no error.
    raise StoreError("a statement failed before, so nothing was kept")


def _may_be_committed(error: psycopg.Error) -> bool:
    return error.sqlstate is None or error.sqlstate.startswith(_MAY_BE_COMMITTED)


def _judge(context: ExceptionContext) -> None:
    """As `_found_dead` does, for what SQLAlchemy runs itself: all that is about the schema."""
    if isinstance(context.original_exception, TooLate):
        context.invalidate_pool_on_disconnect = False
