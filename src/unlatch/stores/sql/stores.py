"""All stores of one database."""

from collections.abc import Iterator
from contextlib import contextmanager

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
    """Each of these writes in one statement on its own; `unit` gives one transaction."""

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
            yield SqlUnit(sql)

    def close(self) -> None:
        self.database.close()


class SqlUnit:
    """One transaction on one connection."""

    def __init__(self, sql: Sql) -> None:
        self.ceremonies = SqlCeremonyWriter(sql)
        self.accounts = SqlAccountWriter(sql)
        self.passkeys = SqlPasskeyWriter(sql)
        self.sessions = SqlSessionWriter(sql)
        self.mails = SqlMailWriter(sql)
        self.events = SqlEventWriter(sql)
