"""All stores of one database."""

from collections.abc import Iterator
from contextlib import contextmanager

from unlatch.core.records import Event, PasskeyUse, Session
from unlatch.stores import admitting
from unlatch.stores.sql import admission
from unlatch.stores.sql.accounts import SqlAccountKeeper, SqlAccountWriter
from unlatch.stores.sql.ceremonies import SqlCeremonyKeeper, SqlCeremonyWriter
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.events import SqlEventKeeper, SqlEventWriter
from unlatch.stores.sql.mails import SqlMailKeeper, SqlMailWriter
from unlatch.stores.sql.meta import SqlMetaReader
from unlatch.stores.sql.passkeys import SqlPasskeyReader, SqlPasskeyWriter
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.sessions import SqlSessionKeeper, SqlSessionWriter


class SqlStores:
    """What each of these writes is committed when it returns; `unit` gives one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ceremonies = SqlCeremonyKeeper(database)
        self.accounts = SqlAccountKeeper(database)
        self.passkeys = SqlPasskeyReader(database)
        self.sessions = SqlSessionKeeper(database)
        self.mails = SqlMailKeeper(database)
        self.events = SqlEventKeeper(database)
        self.meta = SqlMetaReader(database)

    @contextmanager
    def unit(self) -> Iterator["SqlUnit"]:
        with self.database.writing() as sql:
            yield SqlUnit(sql, writes_inside_statements=self.database.writes_inside_statements)

    def close(self) -> None:
        self.database.close()


class SqlUnit:
    """One transaction on one connection.

    Args:
        writes_inside_statements: As the database says.
    """

    def __init__(self, sql: Sql, *, writes_inside_statements: bool) -> None:
        self._sql = sql
        self._writes_inside_statements = writes_inside_statements
        self.ceremonies = SqlCeremonyWriter(sql)
        self.accounts = SqlAccountWriter(sql)
        self.passkeys = SqlPasskeyWriter(sql)
        self.sessions = SqlSessionWriter(sql)
        self.mails = SqlMailWriter(sql)
        self.events = SqlEventWriter(sql)

    def admit(self, use: PasskeyUse, session: Session, event: Event) -> int:
        if self._writes_inside_statements:
            return admission.admit(self._sql, use, session, event)
        return admitting.admit(self, use, session, event)
