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

from sqlalchemy import PoolProxiedConnection

from unlatch.errors import StoreError

_MOST = 3
"""Few beside the pool's places, which those who read need; and some, since one alone may be late
for reasons of its own.
"""

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 900.0
"""Seconds after which one more may try, twice as many each time; and no answer is waited for longer
than the last. For where none can come: a pooler's way to its server is cut, say.
"""


class UnheardCommits:
    """Connections whose COMMIT has had no answer within the deadline. They stay open, in their
    places in the pool, until one comes after all; while there are several, nobody writes.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[float, PoolProxiedConnection]] = []  # since when
        self._changing = threading.Lock()
        self._pause = _FIRST_PAUSE
        self._next_at = 0.0

    def __contains__(self, connection: PoolProxiedConnection) -> bool:
        return any(one is connection for _, one in self._kept)

    def keep(self, connection: PoolProxiedConnection) -> None:
        """Or give it up, where it would be one too many."""
        now = time.monotonic()
        with self._changing:
            if len(self._kept) == _MOST:
                connection.invalidate()
                return
            self._kept.append((now, connection))
            self._next_at = now + self._pause

    def turn_away(self) -> None:
        """Who would write.

        Raises:
            StoreError: Nobody hears of a COMMIT, as it seems.
        """
        if not self._kept:
            return
        now = time.monotonic()
        with self._changing:
            self._let_go(now)
            if len(self._kept) < _MOST:
                return
            if now < self._next_at:
                raise StoreError(
                    "The database answers no COMMIT, so nobody writes: see whether a synchronous "
                    "standby is away, or its disk hangs."
                )
            self._give_up([self._kept[0]])
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def close(self) -> None:
        """Wait for none of them any more."""
        with self._changing:
            self._give_up(list(self._kept))

    def _let_go(self, now: float) -> None:
        """Of those that were answered: whatever it was, nobody is there to be told."""
        with selectors.DefaultSelector() as selector:
            for one in self._kept:
                selector.register(_socket(one[1]), selectors.EVENT_READ, one)
            answered = [key.data for key, _ in selector.select(0)]
        old = [one for one in self._kept if one[0] < now - _LONGEST_PAUSE and one not in answered]
        self._give_up(answered + old)
        if not self._kept:
            self._pause = _FIRST_PAUSE

    def _give_up(self, some: list[tuple[float, PoolProxiedConnection]]) -> None:
        for one in some:
            self._kept.remove(one)
            one[1].invalidate()


def _socket(connection: PoolProxiedConnection) -> int:
    driver = connection.driver_connection
    assert driver is not None  # noqa: S101  # kept ones are open
    number: int = driver.fileno()
    return number
