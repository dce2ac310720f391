"""Connections of which nobody waits for longer than until his deadline."""

import threading
from concurrent.futures import Future
from typing import Any

from redis.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection

from unlatch.stores.redis.deadline import waiting_thread
from unlatch.threads import on_a_thread


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
        deadline = waiting_thread()
        if deadline is None:
            super().connect()
            return
        with self._begins:
            if self._connecting is None or self._connecting.done():
                if self._sock:
                    return
                self._connecting = on_a_thread(super().connect)
            connecting = self._connecting
        deadline.wait(connecting)

    def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        self._hurry()
        super().send_packed_command(*args, **kwargs)

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        self._hurry()
        return super().read_response(*args, **kwargs)

    def _hurry(self) -> None:
        deadline = waiting_thread()
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
