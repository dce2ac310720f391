"""Defences to take away, by name: what the ledger must find out."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from unittest.mock import patch

from unlatch.core.records import Session
from unlatch.stores.sql.ceremonies import SqlCeremonyWriter
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.mails import SqlMailKeeper
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.sessions import SqlSessionWriter


def put(whose: object, name: str, method: object) -> None:
    """In the place of a method, or a function of a module, for good."""
    patch.object(whose, name, method).start()


def spend_nothing() -> None:
    """An answered ceremony is taken again."""
    put(SqlCeremonyWriter, "spend", lambda *_: None)
    add = SqlSessionWriter.add

    def add_in_any_case(writer: SqlSessionWriter, session: Session) -> int:
        # The other half: what a session is made from is unique.
        return add(writer, replace(session, ceremony_id=os.urandom(16)))

    put(SqlSessionWriter, "add", add_in_any_case)


def lose_some() -> None:
    """One commit of five is answered, and lost."""
    numbers = itertools.count(1)

    @contextmanager
    def writing(database: Database) -> Iterator[Sql]:
        database.make_ready()
        with database._turn_to_write(), closing(database._sql()) as sql:
            database._begin(sql)
            yield sql
            if next(numbers) % 5:
                sql.connection.commit()

    put(Database, "writing", writing)


def commit_each_statement() -> None:
    """A unit is no transaction: what is half done stays."""

    @contextmanager
    def writing(database: Database) -> Iterator[Sql]:
        database.make_ready()
        with database._turn_to_write(), closing(database._sql()) as sql:
            yield sql

    put(Database, "writing", writing)


def hand_over_unsaid() -> None:
    """That a mail is being handed over is not written down."""
    put(SqlMailKeeper, "hand_over", lambda *_, **__: True)


BREAK: Mapping[str, Callable[[], None]] = {
    one.__name__: one
    for one in (
        spend_nothing,
        lose_some,
        commit_each_statement,
        hand_over_unsaid,
    )
}
