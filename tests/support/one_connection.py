"""A request that opens a second connection while it is in the middle of a transaction: as many of
them as there are connections wait for each other, and nobody gets anywhere.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from unlatch.stores.sql.database import Database
from unlatch.stores.sql.running import Sql

Opens = Callable[[Database], AbstractContextManager[Sql]]

_this_thread = threading.local()


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody does, whatever a test does; who looks into the store in a test's own thread may."""
    for name in ("reading", "writing"):
        monkeypatch.setattr(Database, name, _watched(getattr(Database, name)))


def _watched(opens: Opens) -> Opens:
    @contextmanager
    def opens_one(database: Database) -> Iterator[Sql]:
        if threading.current_thread() is not threading.main_thread():
            assert not getattr(_this_thread, "has_one", False), "two connections at once"
        _this_thread.has_one = True
        try:
            with opens(database) as sql:
                yield sql
        finally:
            _this_thread.has_one = False

    return opens_one
