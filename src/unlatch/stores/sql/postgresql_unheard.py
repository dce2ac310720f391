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
from typing import cast

from sqlalchemy import PoolProxiedConnection

from unlatch.errors import StoreError
from unlatch.stores.sql.postgresql_connection import PromptConnection

_MOST = 3
"""Few beside the pool's places, which those who read need; and some, since one alone may be late
for reasons of its own.
"""

_FIRST_PAUSE = 5.0
"""Seconds after which one more may try, for where no answer can come: a pooler's way to its server
was cut, say. After each that was in vain twice as many, without an end: each leaves one more
behind, and an absence of any length is to leave few.
"""


class UnheardCommits:
    """Connections whose COMMIT has had no answer within the deadline. They stay open, in their
    places in the pool. Since there were several nobody writes, but for one who tries now and then,
    until one of them has its answer after all, or somebody else has.
    """

    def __init__(self) -> None:
        self._kept: list[PoolProxiedConnection] = []
        self._changing = threading.Lock()
        self._is_shut = False
        self._pause = _FIRST_PAUSE
        self._next_at = 0.0
        self._somebody_tries = False

    def __bool__(self) -> bool:
        return self._is_shut or bool(self._kept)

    def __contains__(self, connection: PoolProxiedConnection) -> bool:
        return any(one is connection for one in tuple(self._kept))  # others change it meanwhile

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Within it, a transaction.

        Raises:
            StoreError: Nobody hears of a COMMIT, as it seems.
        """
        tries = bool(self) and self._may_only_try()
        try:
            yield
        finally:
            if tries:  # where it came to no COMMIT, the next may try
                self._somebody_tries = False

    def keep(self, connection: PoolProxiedConnection) -> None:
        """In the place of the one that has waited longest, where there would be too many."""
        with self._changing:
            if len(self._kept) == _MOST:
                self._give_up(self._kept[:1])
            self._kept.append(connection)
            self._is_shut = self._is_shut or len(self._kept) == _MOST
            self._was_in_vain()

    def lost(self) -> None:
        """A connection went in its COMMIT, which may hang at the server all the same."""
        if self:
            with self._changing:
                self._was_in_vain()

    def close(self) -> None:
        """Wait for none of them any more: others are heard of."""
        with self._changing:
            self._give_up(list(self._kept))
            self._open()

    def _may_only_try(self) -> bool:
        """False for who may write like anybody."""
        with self._changing:
            self._look_for_answers()
            if not self._is_shut:
                return False
            wait = self._next_at - time.monotonic()
            if self._somebody_tries or wait > 0:
                raise StoreError(
                    "The database answers no COMMIT, so nobody writes: see whether a synchronous "
                    f"standby is away, or its disk hangs. One tries again in {max(wait, 0):.0f} s."
                )
            self._somebody_tries = True
            return True

    def _look_for_answers(self) -> None:
        """One says that COMMITs come to an end. That a connection is lost does not: it may have
        been a pooler's, or a proxy's. But the server may be another now, so one may try at once.
        """
        for connection in _readable(self._kept):
            answer = _driver(connection).late_answer()
            if answer is None:
                continue
            if answer:
                self._open()
            else:
                self._next_at = 0.0
            self._give_up([connection])

    def _open(self) -> None:
        self._is_shut, self._pause = False, _FIRST_PAUSE

    def _was_in_vain(self) -> None:
        if self._somebody_tries:
            self._pause *= 2
        self._next_at = time.monotonic() + self._pause

    def _give_up(self, some: list[PoolProxiedConnection]) -> None:
        for one in some:
            one.invalidate()  # first, or whose it was may give it back, in the middle of a COMMIT
            self._kept.remove(one)


def _readable(connections: list[PoolProxiedConnection]) -> list[PoolProxiedConnection]:
    with selectors.DefaultSelector() as selector:
        for one in connections:
            selector.register(_driver(one).fileno(), selectors.EVENT_READ, one)
        return [key.data for key, _ in selector.select(0)]


def _driver(connection: PoolProxiedConnection) -> PromptConnection:
    return cast(PromptConnection, connection.dbapi_connection)
