"""Which file lies in the database's place, and on which one a connection was opened.

SQLite asks for a file by its name once. Where that is taken away, or another is put in its place,
a connection that was open goes on with the file that it has, and what it writes is lost to all who
come by the name.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from unlatch.errors import StoreError

Number = tuple[int, int]
"""A disk, and a file's number on it, which no other gets while somebody has that file open."""

_SWAPPED = "another file was put in its place just now"


class Opened(NamedTuple):
    """What a connection was opened on.

    Attributes:
        file: The database.
        beside: Its write-ahead log and the index of that.
    """

    file: Number | None
    beside: frozenset[Number]

    def spoils(self, file: Number, path: Path) -> bool:
        """Whether another file lies in its place, but beside it what belongs to this one. SQLite
        would take the one's log for the other's, and mix the pages of both.
        """
        return file != self.file and not self.beside.isdisjoint(_beside(path))


class FileConnection(sqlite3.Connection):
    """One that knows which file it was opened on.

    Args:
        path: Where that file lies. All else is as for any connection of SQLite's.
        expected: None for whichever lies there. Another is not opened: what lies beside it may be
            this one's.
    """

    def __init__(self, path: Path, expected: Number | None, *args: Any, **options: Any) -> None:
        before = number(path)
        if expected not in (None, before):
            raise sqlite3.OperationalError(_SWAPPED)
        super().__init__(*args, **options)
        self.file = number(path)
        if self.file != before:  # SQLite may have opened either
            raise sqlite3.OperationalError(_SWAPPED)
        self._path = path

    def opened(self) -> Opened:
        """What it stands on, once it is set up."""
        # A copy has had no log yet: that comes with the first time that it is read.
        self.execute("SELECT count(*) FROM sqlite_master").close()
        return Opened(self.file, _beside(self._path))


def database_at(path: Path) -> Number | None:
    """The database there, if there is one.

    An empty file is none yet: somebody may be about to write a copy into it. SQLite would write
    into it, too, and take away the log beside it, with the last of what went before.
    """
    found = _look_at(path)
    return (found.st_dev, found.st_ino) if found and found.st_size else None


def number(path: Path) -> Number | None:
    """That of the file there, if there is one. A link counts for what it leads to."""
    found = _look_at(path)
    return (found.st_dev, found.st_ino) if found else None


def log_of(path: Path) -> Path:
    """The write-ahead log of the database there, if it has one: where a link leads to."""
    return Path(f"{path.resolve()}-wal")


def _beside(path: Path) -> frozenset[Number]:
    log = log_of(path)
    both = number(log), number(log.with_name(log.name.removesuffix("wal") + "shm"))
    return frozenset(found for found in both if found)


def _look_at(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error}.") from error
