"""The command `unlatch` as it is, but that a test can kill its processes at a step, move their
clock, or fill their disk (`levers.py`): `python -m faults.entry serve …`. With FAULTS_NEWER it is
of a later release (`release.py`).

No part of the product knows of it. With FAULTS_BROKEN a defence is taken away, to see that the
ledger finds out.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from unittest.mock import patch

from faults.breaking import BREAK, put
from faults.levers import Levers
from faults.post import MAIL_HEADER
from faults.release import become
from flask import has_request_context, request
from sqlalchemy import text

from unlatch.core.records import Event, Mail
from unlatch.flask import state
from unlatch.flask.sender import Letters
from unlatch.server import cli, patience
from unlatch.stores.sql import admission, postgresql_deadline
from unlatch.stores.sql.events import SqlEventWriter
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.sqlite import SqliteDatabase
from unlatch.stores.sql.stores import SqlStores, SqlUnit


def watch_units(levers: Levers) -> None:
    """Name the steps of each transaction by what it is for, like "unlatch.add_passkey: midway",
    which is before it writes what happened.
    """
    unwatched, add_event, admit_at_once = SqlStores.unit, SqlEventWriter.add, admission.admit

    def add(writer: SqlEventWriter, event: Event) -> None:
        levers.reached(f"{_whose()}: midway")
        add_event(writer, event)

    def admit(*what: Any) -> int:
        levers.reached(f"{_whose()}: midway")
        return admit_at_once(*what)

    @contextmanager
    def unit(stores: SqlStores) -> Iterator[SqlUnit]:
        whose = _whose()
        levers.reached(f"{whose}: before BEGIN")
        with unwatched(stores) as opened:
            yield opened
            levers.reached(f"{whose}: before COMMIT")
        levers.reached(f"{whose}: after COMMIT")

    put(SqlStores, "unit", unit)
    put(SqlEventWriter, "add", add)
    put(admission, "admit", admit)


def _whose() -> str:
    return str(request.endpoint) if has_request_context() else "sender"


def move_clock(levers: Levers) -> None:
    right: Callable[[], int] = state.now
    patch.object(state, "now", lambda: right() + levers.microseconds_ahead).start()


def limit_pages(levers: Levers) -> None:
    """A disk that is full, and is not any more."""
    begin = SqliteDatabase._begin

    def begin_within(database: SqliteDatabase, sql: Sql) -> None:
        pages = levers.pages
        if pages:
            sql.run(text(f"PRAGMA max_page_count={pages}"))
        begin(database, sql)

    put(SqliteDatabase, "_begin", begin_within)


def name_mails(levers: Levers) -> None:
    """Each letter names the row that it was written for, and the levers do before it leaves: its
    secrets and its Message-ID are made anew each time that the row is worked on, and would not tell
    that two letters are one mail.
    """
    write = Letters.write

    def write_named(letters: Letters, mail: Mail, *args: Any, **more: Any) -> EmailMessage:
        letter = write(letters, mail, *args, **more)
        letter[MAIL_HEADER] = mail.id
        levers.wrote(mail.id)
        return letter

    put(Letters, "write", write_named)


def main(environ: Any = os.environ) -> None:
    levers = Levers(Path(environ["FAULTS_FOLDER"]))
    if scripts := environ.get("FAULTS_NEWER"):
        become(Path(scripts))
    watch_units(levers)
    move_clock(levers)
    limit_pages(levers)
    name_mails(levers)
    if environ.get("FAULTS_HASTY"):  # dying every second is no reason to give up
        patch.object(patience, "PAUSES", (0.05,) * 1000).start()
    if environ.get("FAULTS_PATIENT"):  # shorter than anybody's who waits for an answer
        put(postgresql_deadline, "STATEMENTS_SECONDS", 6.0)
        put(postgresql_deadline, "COMMIT_SECONDS", 8.0)
    if broken := environ.get("FAULTS_BROKEN"):
        BREAK[broken]()
    cli.main()


if __name__ == "__main__":
    main()
