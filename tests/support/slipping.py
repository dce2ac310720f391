"""Slips one request in between two steps of another: before each statement, and before it takes
its turn to write.

Where the other holds SQLite's one turn to write, what slips in is let go all the same: it reads,
and waits for its turn, which comes straight after that transaction.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from watched_sql import watched

from unlatch.stores.sql.database import Database
from unlatch.stores.sql.running import Sql


class Slip:
    """Watches the statements of the first thread that comes, in a database of an app.

    Attributes:
        steps: Its steps so far: BEGIN, or how a statement begins, like "DELETE FROM sessions".
    """

    def __init__(self, database: Database, before: int, meanwhile: Callable[[], object]) -> None:
        self.steps: list[str] = []
        self._before = before
        self._meanwhile = meanwhile
        self._take_turn = database._turn_to_write
        self._watched: int | None = None
        self._has_turn = False
        self._queued = threading.Event()
        self._later: threading.Thread | None = None
        self._trouble: list[BaseException] = []

    @contextmanager
    def turn(self) -> Iterator[None]:
        """In the place of the database's own."""
        if not self._is_watched():
            self._queued.set()
            with self._take_turn():
                yield
            return
        self._step("BEGIN")
        with self._take_turn():
            self._has_turn = True
            try:
                yield
            finally:
                self._has_turn = False
        if self._later is not None:
            self._later.join()

    def statement(self, _sql: Sql, statement: str) -> None:
        """Before each."""
        begins = statement.split()[:3]
        if self._is_watched() and begins[0] != "BEGIN":  # `turn` was before that
            self._step(" ".join(begins))

    def end(self) -> None:
        """Raises:
        BaseException: What slipped in and failed.
        """
        for trouble in self._trouble:
            raise trouble

    def _is_watched(self) -> bool:
        if self._watched is None:
            self._watched = threading.get_ident()
        return self._watched == threading.get_ident()

    def _step(self, name: str) -> None:
        if len(self.steps) == self._before:
            self._let_go()
        self.steps.append(name)

    def _let_go(self) -> None:
        self._later = threading.Thread(target=self._run)
        self._later.start()
        if self._has_turn:
            assert self._queued.wait(10), "it never came to write"
        else:
            self._later.join()

    def _run(self) -> None:
        try:
            self._meanwhile()
        except BaseException as error:  # told by `end`
            self._trouble.append(error)
            self._queued.set()


@contextmanager
def slipped_in(database: Database, before: int, meanwhile: Callable[[], object]) -> Iterator[Slip]:
    """Within, `meanwhile` runs before step number `before` of the next request."""
    with _watching(database, Slip(database, before, meanwhile)) as slip:
        yield slip


@contextmanager
def _watching(database: Database, slip: Slip) -> Iterator[Slip]:
    with pytest.MonkeyPatch.context() as patch:
        turn: Callable[[], AbstractContextManager[None]] = slip.turn
        patch.setattr(database, "_turn_to_write", turn)
        with watched(database, slip.statement):
            yield slip
            slip.end()


class Between(Slip):
    """Where many may write at once: what slips in is waited for until it has ended, or does not
    get any further before the other's transaction is over.
    """

    STUCK = 0.5
    """Seconds after which it counts as waiting for a lock; shorter than the database has patience
    with one.
    """

    def _let_go(self) -> None:
        self._later = threading.Thread(target=self._run)
        self._later.start()
        self._later.join(self.STUCK)


@contextmanager
def begun_between(
    database: Database, before: int, meanwhile: Callable[[], object]
) -> Iterator[Slip]:
    """As `slipped_in`, where others may write meanwhile."""
    with _watching(database, Between(database, before, meanwhile)) as slip:
        yield slip
