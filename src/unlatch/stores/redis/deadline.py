"""One deadline for all that a question to Redis takes.

Sockets have time-outs for each step, and looking up a name has none at all; a question takes many
steps. So each step is given what is left, and what cannot be given a time-out runs on a thread of
its own, for which nobody waits longer.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from redis.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.exceptions import TimeoutError as RedisTimeout
from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection

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


def on_a_thread(work: Callable[[], T]) -> "Future[T]":
    """Begin some work on a thread that nobody has to wait for, the interpreter at its end
    included.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="unlatch-redis", daemon=True).start()
    return future


class _Bounded(AbstractConnection):
    """A connection whose users wait no longer than until their thread's deadline.

    Connecting goes on when they have gone: where that takes longer than anybody waits, it is
    there for who comes next.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begins = threading.Lock()
        self._connecting: Future[None] | None = None

    def connect(self) -> None:
        deadline: Deadline | None = getattr(_this_thread, "deadline", None)
        if deadline is None:
            super().connect()
            return
        with self._begins:
            if self._connecting is None:
                if self._sock:
                    return
                self._connecting = on_a_thread(super().connect)
            connecting = self._connecting
        try:
            deadline.wait(connecting)
        finally:
            if connecting.done():
                self._connecting = None

    def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        self._hurry()
        super().send_packed_command(*args, **kwargs)

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        self._hurry()
        return super().read_response(*args, **kwargs)

    def _hurry(self) -> None:
        deadline: Deadline | None = getattr(_this_thread, "deadline", None)
        if deadline is not None and self._sock:
            self._sock.settimeout(deadline.left())


class BoundedConnection(_Bounded, Connection):
    """By TCP."""


class BoundedTls(_Bounded, SSLConnection):
    """By TLS."""


class BoundedSocket(_Bounded, UnixDomainSocketConnection):
    """By a socket in the file system."""


class BoundedMaster(_Bounded, SentinelManagedConnection):
    """To whom Sentinels call the master."""


class BoundedTlsMaster(_Bounded, SentinelManagedSSLConnection):
    """To whom Sentinels call the master, by TLS."""
