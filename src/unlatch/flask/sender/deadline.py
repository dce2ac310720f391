"""An end to a conversation with a server that never says no and never gets done.

A socket's timeout starts anew with each byte that arrives, so a server that drips one byte
a second holds a client for ever. Only something outside the conversation can end it.
"""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """Shuts a connection when its time is over, whatever is being waited for then.

        with Deadline(60.0) as deadline:
            connection = socket.create_connection(address, deadline.left())
            deadline.watch(connection)
            ...                     # a read that is cut short sees the end of the stream

    Args:
        seconds: Counted from entering, by a clock that nobody sets back.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._watched: socket.socket | None = None

    def __enter__(self) -> Self:
        self._ends = time.monotonic() + self._seconds
        self._timer = threading.Timer(self._seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._let_go()

    def left(self) -> float:
        """Seconds until the end.

        Raises:
            TimeoutError: It is over.
        """
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection, and no longer another, at the end."""
        self._let_go()
        with self._lock:
            # A duplicate, because TLS takes the socket over and leaves the old object empty;
            # a shutdown reaches the connection through any of its handles.
            self._watched = connection.dup()
        self.left()

    def _let_go(self) -> None:
        with self._lock:
            if self._watched is not None:
                self._watched.close()
                self._watched = None

    def _cut(self) -> None:
        # Under the lock, so that the number of a closed handle, which by now may be somebody
        # else's, is never shut.
        with self._lock:
            if self._watched is not None:
                with suppress(OSError):  # It may have ended by itself.
                    self._watched.shutdown(socket.SHUT_RDWR)
