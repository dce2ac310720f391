"""Copies of a live SQLite database.

By SQLite's own backup, never by copying the file: what was committed last is in the
write-ahead log beside it, and a copied file alone may hold nothing.
"""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection

from unlatch import private

KEPT = 3


def backup(engine: Engine, target: Path) -> None:
    """Copy the whole database into a new file that only its owner can read. Writers go on.

    Raises:
        FileExistsError: Copies are never overwritten.
    """
    private.make_file(target)
    try:
        with engine.connect() as connection:
            _copy(connection.connection.dbapi_connection, target)
    except BaseException:
        target.unlink()  # half a copy is worse than none
        raise


def keep_copy(engine: Engine, folder: Path) -> Path:
    """Put a copy into a folder, named so that names sort by age, and let the oldest go."""
    private.make_folder(folder)
    copy = folder / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%fZ}.sqlite3"
    backup(engine, copy)
    for old in sorted(folder.glob("*.sqlite3"))[:-KEPT]:
        old.unlink()
    return copy


def _copy(source: DBAPIConnection | None, target: Path) -> None:
    assert isinstance(source, sqlite3.Connection)  # noqa: S101  # made by its engine
    destination = sqlite3.connect(target)
    try:
        source.backup(destination)
        # One file, complete in itself, that opens on a read-only disk as well.
        destination.execute("PRAGMA journal_mode=delete")
    finally:
        destination.close()
