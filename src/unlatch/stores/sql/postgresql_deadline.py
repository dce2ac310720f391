"""How long a thread waits for PostgreSQL: from its question, over a place in the pool and a
connection that must first be made, to the last answer.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue

from unlatch.stores.sql.postgresql_connection import PromptConnection, TooLate
from unlatch.threads import on_a_thread

STATEMENTS_SECONDS = 1.3
"""For a connection and all statements."""

COMMIT_SECONDS = 1.8
"""For all that, and COMMIT: which so has half a second at least. Given less, it would leave more
writes of which nobody knows.
"""


class Deadline(threading.local):
    """What the thread at hand is given, as moments of the monotonic clock: from now, unless it has
    begun before.
    """

    _begun: float | None = None

    @contextmanager
    def begins(self) -> Iterator[None]:
        """All that is asked meanwhile is one question."""
        self._begun = time.monotonic()
        try:
            yield
        finally:
            self._begun = None

    @property
    def of_statements(self) -> float:
        return self._from() + STATEMENTS_SECONDS

    @property
    def of_commit(self) -> float:
        return self._from() + COMMIT_SECONDS

    def _from(self) -> float:
        return time.monotonic() if self._begun is None else self._begun


class Connecting:
    """Makes connections, for which nobody waits beyond a deadline: libpq waits two seconds for each
    host at least, of which a URL may name several, and as long as it takes for a name.

    Connecting goes on when they have gone. One that took longer than anybody waited is there for
    who comes next: else nobody would ever come past a host that swallows what it is sent.

    Args:
        make: Makes one, in as long as it takes.
    """

    def __init__(self, make: Callable[[], PromptConnection]) -> None:
        self._make = make
        self._late: Queue[PromptConnection] = Queue(1)  # more would be beyond the pool's bound
        self._closed = False

    def connection(self, until: float) -> PromptConnection:
        """Raises:
        TooLate: There is none yet.
        psycopg.OperationalError: There will be none.
        """
        with suppress(Empty):
            return self._late.get_nowait()
        try:
            making = on_a_thread(self._make)
        except RuntimeError as error:
            raise TooLate("no thread to connect on") from error
        try:
            return making.result(max(until - time.monotonic(), 0.0))
        except TimeoutError:
            making.add_done_callback(self._keep)
            raise TooLate("no connection within the deadline") from None

    def close(self) -> None:
        """Nobody comes any more."""
        self._closed = True
        self._close_late()

    def _keep(self, making: "Future[PromptConnection]") -> None:
        if making.exception() is not None:
            return
        try:
            self._late.put_nowait(making.result())
        except Full:
            making.result().close()
        if self._closed:
            self._close_late()

    def _close_late(self) -> None:
        with suppress(Empty):
            self._late.get_nowait().close()
