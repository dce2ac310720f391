"""COMMITs that nobody has answered: of which one process leaves only a few behind.

PostgreSQL's server process that waits in a COMMIT, for a synchronous standby or for its disk, keeps
to no deadline of its own and does not notice that its client has gone. So each COMMIT given up
leaves one, with its locks, and some seconds of a standby's absence would leave as many as
`max_connections` takes: then nobody could read, either.
https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION-HA
"""

import selectors
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import PoolProxiedConnection

from unlatch.errors import StoreError

_MOST = 3
"""Few beside the pool's places, which those who read need; and some, since one alone may be late
for reasons of its own.
"""

_FIRST_PAUSE = 5.0
"""Seconds after which one more may try, for where no answer can come: a pooler's way to its server
was cut, say. After each that is late, too, twice as many, without an end: each leaves one more
behind, and an absence of any length is to leave few.
"""


class UnheardCommits:
    """Connections whose COMMIT has had no answer within the deadline. They stay open, in their
    places in the pool, until one comes after all, or somebody else's does. While there are several,
    nobody writes, but for one who tries now and then.
    """

    def __init__(self) -> None:
        self._kept: list[PoolProxiedConnection] = []
        self._changing = threading.Lock()
        self._pause = _FIRST_PAUSE
        self._next_at = 0.0
        self._somebody_tries = False

    def __bool__(self) -> bool:
        return bool(self._kept)

    def __contains__(self, connection: PoolProxiedConnection) -> bool:
        return any(one is connection for one in tuple(self._kept))  # others change it meanwhile

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Within it, a transaction.

        Raises:
            StoreError: Nobody hears of a COMMIT, as it seems.
        """
        tries = bool(self._kept) and self._may_only_try()
        try:
            yield
        finally:
            if tries:  # where it came to no COMMIT, the next may try
                self._somebody_tries = False

    def keep(self, connection: PoolProxiedConnection) -> None:
        """In the place of the one that has waited longest, where there would be too many."""
        with self._changing:
            if self._somebody_tries:
                self._pause *= 2
            self._next_at = time.monotonic() + self._pause
            if len(self._kept) == _MOST:
                self._give_up(self._kept[:1])
            self._kept.append(connection)

    def close(self) -> None:
        """Wait for none of them any more: others are heard of."""
        with self._changing:
            self._give_up(list(self._kept))
            self._pause = _FIRST_PAUSE

    def _may_only_try(self) -> bool:
        """False for who may write like anybody."""
        with self._changing:
            self._let_go_of_answered()
            if len(self._kept) < _MOST:
                return False
            if self._somebody_tries or time.monotonic() < self._next_at:
                raise StoreError(
                    "The database answers no COMMIT, so nobody writes: see whether a synchronous "
                    "standby is away, or its disk hangs."
                )
            self._somebody_tries = True
            return True

    def _let_go_of_answered(self) -> None:
        """Whatever the answer is: nobody is there to be told."""
        with selectors.DefaultSelector() as selector:
            for connection in self._kept:
                selector.register(_socket(connection), selectors.EVENT_READ, connection)
            answered = [key.data for key, _ in selector.select(0)]
        if answered:
            self._give_up(answered)
            self._pause = _FIRST_PAUSE

    def _give_up(self, some: list[PoolProxiedConnection]) -> None:
        for one in some:
            self._kept.remove(one)
            one.invalidate()


def _socket(connection: PoolProxiedConnection) -> int:
    driver = connection.driver_connection
    assert driver is not None  # noqa: S101  # nobody closes a kept one
    number: int = driver.fileno()
    return number
