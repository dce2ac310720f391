"""The file, as Unlatch opens its own: what was committed is on the disk."""

import sqlite3


def connect(file: str) -> sqlite3.Connection:
    """One for the process, which answers in one thread, though it is made in another."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
