"""What is particular to SQLite: how a connection is set up, who writes when, how a file is
made and upgraded.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    PoolProxiedConnection,
    create_engine,
    event,
    inspect,
    text,
)

from unlatch import private
from unlatch.errors import StoreError
from unlatch.stores.sql import schema, sqlite_copies, sqlite_file
from unlatch.stores.sql.database import Database, left_behind
from unlatch.stores.sql.running import Sql, store_errors
from unlatch.stores.sql.schema import State
from unlatch.stores.sql.sqlite_file import FileConnection, Number, Opened

OLDEST = (3, 35)
"""The first version that knows RETURNING."""

_PRAGMAS = (
    "busy_timeout=5000",
    "journal_mode=wal",
    # Nearly every write takes something away (a mark, a try, a session, a passkey), and a
    # power cut must not give it back. "normal" would let the last commits go.
    "synchronous=full",
    "foreign_keys=on",
    "secure_delete=on",
    # kB of pages for each connection. With SQLite's own 2,000 a worker held 2 MB more after 30,000
    # sign-ins (`make bench-weight ARGS="--only memory --sign-ins 30000"`), and none was quicker.
    "cache_size=-500",
)
_BEGIN = text("BEGIN IMMEDIATE")
"""A plain BEGIN would read first and be refused when it comes to write."""

_TURN_SECONDS = 10.0  # who waits longer has most likely opened a transaction inside another
_UPGRADE_SECONDS = 60.0

_TAKEN_AWAY = "the database's file was taken away just now"


class SqliteDatabase(Database):
    """One file.

    Args:
        upgrade_itself: Make and upgrade the file at its first use. Otherwise that is left to
            the operator's `flask unlatch db upgrade`. Either keeps a copy before.
    """

    def __init__(self, path: Path, *, upgrade_itself: bool) -> None:
        super().__init__(sqlite3)
        self.path = path.absolute()  # a process may go into another folder
        self._upgrades_itself = upgrade_itself
        self._writer = threading.Lock()
        self._at_hand: list[PoolProxiedConnection] = []
        self._file: Number | None = None
        self._newest: Opened | None = None

    @property
    def copies(self) -> Path:
        """The folder of the copies that upgrades keep."""
        return self.path.with_name(f"{self.path.name}.backups")

    def make_ready(self) -> None:
        self._keep_to_the_file()
        super().make_ready()

    def check(self) -> State:
        self._keep_to_the_file()
        # Looking must not make the file.
        return super().check() if self._file else State.EMPTY

    def upgrade(self) -> None:
        with self._alone():
            self._upgrade_alone()

    def backup(self, target: Path) -> None:
        if not sqlite_file.database_at(self.path):
            raise StoreError(f"There is nothing to copy: {self.path} does not exist, or is empty.")
        with store_errors(sqlite3), _file_errors(target):
            sqlite_copies.backup(self.engine, target)

    def _keep_to_the_file(self) -> None:
        """See that the file is there that was, and turn to another where that was put in its place.

        Asked for each connection that is taken: four microseconds, where to find an account by
        its id takes 24.

        Raises:
            StoreError: It is gone; or beside the other one lies what is not its own.
        """
        if sqlite_file.database_at(self.path) != self._file:
            with self._opening:
                self._turn_to(sqlite_file.database_at(self.path))

    def _turn_to(self, file: Number | None) -> None:
        if self._file and file != self._file:
            # Connections stay open until there is another that may be used: as long as they are,
            # no other file gets the number, and of one that was removed not all is lost.
            if file is None:
                raise StoreError(
                    f"{self.path} is gone, and was there before. Put it back: none is made anew "
                    "while this process runs."
                )
            if self._newest and self._newest.spoils(file, self.path):
                log = sqlite_file.log_of(self.path)
                raise StoreError(
                    f"Another file was put in the place of {self.path}, beside {log} of the one "
                    "before, which holds what was written last. If it is a backup, move the -wal "
                    "and -shm away. If it is that very file, as it was when it was taken away, end "
                    "this process and start it again."
                )
            self._fits = False
            self.close()
        self._file = file

    def _settle(self) -> State:
        if not self._upgrades_itself:
            return self.check()
        with self._alone():
            self._shut()
            state = self.check()
            if state.waits:
                self._upgrade_alone()
                state = self.check()
        return state

    def _shut(self) -> None:
        """A copy that was put back in its place may have come with any mode. The files that
        SQLite puts beside it take its mode.
        """
        if self.path.exists():
            with _file_errors(self.path):
                private.shut(self.path)

    def _upgrade_alone(self) -> None:
        log = sqlite_file.log_of(self.path)
        if not sqlite_file.database_at(self.path) and sqlite_file.number(log):
            # SQLite would take it away when it finds a database beside it that has nothing.
            raise StoreError(
                f"{self.path} is gone, but {log} is there, which holds what was written to it "
                "last. Put that very file back; or move that away before a backup is put there."
            )
        with _file_errors(self.path), suppress(FileExistsError):
            private.make_file(self.path)
        state = self.check()
        if state is State.BEHIND:
            with store_errors(sqlite3), _file_errors(self.copies):
                sqlite_copies.keep_copy(self.engine, self.copies)
        if state.waits:
            with self._turn_to_write(), store_errors(sqlite3):
                upgrade(self.engine)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread or process makes or upgrades the file meanwhile."""
        with _file_errors(self.path):
            private.make_folder(self.path.parent)
            lock = FileLock(f"{self.path}.lock", timeout=_UPGRADE_SECONDS, mode=0o600)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _make_engine(self) -> Engine:
        if sqlite3.sqlite_version_info < OLDEST:
            raise StoreError(
                f"SQLite is {sqlite3.sqlite_version}; Unlatch needs 3.35 or newer. "
                "Take a newer Python, which brings its own."
            )
        # `rw`, not SQLite's own "make it where there is none", which goes by the umask: one that
        # was taken away under a running process would come back empty and open to everybody.
        file = self.path.as_uri()
        url = URL.create("sqlite", database=file, query={"mode": "rw", "uri": "true"})
        connects = {"factory": self._open}
        # Parameters are addresses and hashes: they have no place in a log.
        engine = create_engine(url, hide_parameters=True, connect_args=connects)
        event.listen(engine, "connect", self._set_up)
        return engine

    def _open(self, *args: Any, **options: Any) -> FileConnection:
        return FileConnection(self.path, self._file, *args, **options)

    def _set_up(self, connection: FileConnection, _: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 does
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        self._newest = connection.opened()

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """SQLite has one writer. A lock lets the threads of this process in without its
        sleeping; between processes its own waiting remains.
        """
        if not self._writer.acquire(timeout=_TURN_SECONDS):
            raise StoreError("waited in vain for another transaction to end")
        try:
            yield
        finally:
            self._writer.release()

    def _begin(self, sql: Sql) -> None:
        sql.run(_BEGIN)
        # Others were waited for, and the file may have gone meanwhile.
        if sqlite_file.database_at(self.path) != _driver(sql.connection).file:
            raise StoreError(_TAKEN_AWAY)

    def _take(self) -> PoolProxiedConnection:
        """One stays at hand, since mostly one is used at a time: out of the pool and back into it
        took a twentieth of a sign-in's processor time, both ways in turns in one process.
        """
        try:
            connection = self._at_hand.pop()
        except IndexError:
            connection = super()._take()
        if _driver(connection).file != self._file:  # it was in use when another took the place
            connection.invalidate()  # closes it
            connection = super()._take()
        if not self._fits:  # another took the place since `make_ready`
            super()._give_back(connection)
            raise StoreError(_TAKEN_AWAY)
        return connection

    def _give_back(self, connection: PoolProxiedConnection) -> None:
        if self._at_hand or _driver(connection).in_transaction:  # which the pool ends
            super()._give_back(connection)
        else:
            self._at_hand.append(connection)

    def close(self) -> None:
        with suppress(IndexError):  # another thread may take the last
            while True:
                super()._give_back(self._at_hand.pop())
        super().close()

    def _forget(self) -> None:
        super()._forget()
        self._writer = threading.Lock()
        left_behind.append(self._at_hand)
        self._at_hand = []


def upgrade(engine: Engine, target: str = "head") -> None:
    """Run the missing migrations in one transaction, on a connection of its own.

    Foreign keys are off meanwhile: with them on, a batch that recreates the table of
    accounts would drop every passkey along with the old one, without an error.

    Raises:
        StoreError: Afterwards some row would point to nothing; nothing was changed.
    """
    with engine.connect() as connection:
        connection.detach()  # its foreign keys stay off: nobody else may get it
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # without effect once begun
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        schema.migrate(connection, target)
        for table in inspect(connection).get_table_names():
            if table.startswith("unlatch_") and _points_to_nothing(connection, table):
                raise StoreError(f"the upgrade was not done: rows of {table} would be orphans")
        connection.commit()


def _points_to_nothing(connection: Connection, table: str) -> bool:
    # Table by table: what a host's own tables in the same file look like is their business.
    return connection.exec_driver_sql(f"PRAGMA foreign_key_check({table})").first() is not None


def _driver(connection: PoolProxiedConnection) -> FileConnection:
    driver = connection.dbapi_connection
    assert isinstance(driver, FileConnection)  # noqa: S101  # made by its engine
    return driver


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error}.") from error
