"""A request that opens a second connection while it is in the middle of a transaction: as many of
them as there are connections wait for each other, and nobody gets anywhere.
"""

import threading

import pytest

from unlatch.stores.sql.database import Database
from unlatch.stores.sql.running import Sql

_this_thread = threading.local()


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody does, whatever a test does; who looks into the store in a test's own thread may."""
    open_one, close_one = Database._sql, Sql.close

    def opens(database: Database) -> Sql:
        if threading.current_thread() is not threading.main_thread():
            assert not getattr(_this_thread, "has_one", False), "two connections at once"
        opened = open_one(database)
        _this_thread.has_one = True
        return opened

    def closes(sql: Sql) -> None:
        _this_thread.has_one = False
        close_one(sql)

    monkeypatch.setattr(Database, "_sql", opens)
    monkeypatch.setattr(Sql, "close", closes)
