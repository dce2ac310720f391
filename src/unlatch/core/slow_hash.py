"""Argon2id for mailed secrets, few at a time.

A code has 40 bits: a stolen database must not be searched for it within its ten minutes,
so it is hashed slowly. Slow hashing is a way to tire the server out, so at most two run
at once in a process, a short queue waits, and the rest are turned away with nothing spent.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from unlatch.errors import TooBusy

RUNNING = 2
WAITING = 8
PATIENCE = 5.0
"""Seconds that a request waits for a slot."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class SlowHash:
    """Argon2id with m = 19 MiB, t = 2, p = 1 (OWASP), about 20 ms of one core."""

    def __init__(self) -> None:
        self._running = threading.BoundedSemaphore(RUNNING)
        self._admitted = threading.BoundedSemaphore(RUNNING + WAITING)
        self._dummy = _nobodys_hash()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a place for one run.

        Raises:
            TooBusy: Too many wait already, or it took longer than five seconds.
        """
        if not self._admitted.acquire(blocking=False):
            raise TooBusy(retry_after=5)
        try:
            if not self._running.acquire(timeout=PATIENCE):
                raise TooBusy(retry_after=5)
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()

    def hash(self, secret: str) -> str:
        """For the sender, which has all the time: waits for a place as long as it takes."""
        with self._running:
            return _HASHER.hash(secret)

    def fits(self, secret: str, hashed: str | None) -> bool:
        """Compare inside a `slot`. Without a hash the same work is done for nothing, so that
        time does not tell whether there was something to compare with.
        """
        try:
            return _HASHER.verify(hashed or self._dummy, secret) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody's")
