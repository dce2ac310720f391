"""One deadline for all that a request waits for Redis.

Sockets have time-outs for each step, and looking up a name has none at all; a question takes many
steps, and a request may ask several. So each step is given what is left, and what cannot be given
a time-out runs on a thread of its own, for which nobody waits longer.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from redis.exceptions import TimeoutError as RedisTimeout

T = TypeVar("T")

_this_thread = threading.local()


class Deadline:
    """Args:
    seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than none.

        Raises:
            RedisTimeout: It is over.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise RedisTimeout("The deadline is over")
        return left

    def wait(self, work: "Future[T]") -> T:
        """What the work gives, or raises.

        Raises:
            RedisTimeout: It takes longer.
        """
        try:
            return work.result(self.left())
        except TimeoutError:
            if work.done():
                raise
            raise RedisTimeout("Redis does not answer in time") from None

    @contextmanager
    def holds(self) -> Iterator[None]:
        """For all that this thread asks of connections meanwhile."""
        _this_thread.deadline = self
        try:
            yield
        finally:
            _this_thread.deadline = None


class Patience:
    """How long a request waits, whatever it asks. Each thread is at one request at a time; one
    that is at none has the whole of it for each question.

    Args:
        seconds: For each request.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = threading.local()

    def renew(self) -> None:
        """This thread begins a request."""
        self._left.seconds = self._seconds

    @contextmanager
    def question(self) -> Iterator[Deadline]:
        """One question, which has what the request's others have left."""
        left: float = getattr(self._left, "seconds", self._seconds)
        begun = time.monotonic()
        try:
            yield Deadline(left)
        finally:
            if hasattr(self._left, "seconds"):
                self._left.seconds = left - (time.monotonic() - begun)


def waiting_thread() -> Deadline | None:
    """The deadline that this thread has."""
    return getattr(_this_thread, "deadline", None)
