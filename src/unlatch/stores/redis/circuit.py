"""Who waits for a server that does not answer: one in a while, and not everybody."""

import logging
import threading
import time

log = logging.getLogger("unlatch")


class Circuit:
    """Closed while the server answers. After a failure it is open: nobody asks the server, until
    after a pause one does. If that works it is closed again, else the pause begins anew.

    Args:
        pause: Seconds.
    """

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._next_try: float | None = None

    @property
    def is_open(self) -> bool:
        return self._next_try is not None

    def lets_through(self) -> bool:
        """Whether the caller should ask the server."""
        if self._next_try is None:
            return True
        with self._lock:
            now = time.monotonic()
            if self._next_try is not None and now < self._next_try:
                return False
            self._next_try = now + self._pause  # the caller tries it, and nobody else meanwhile
            return True

    def worked(self) -> None:
        if self._next_try is not None:
            self._next_try = None
            log.info("Redis answers again: limits are counted for all processes together.")

    def failed(self, error: Exception) -> None:
        with self._lock:
            was_closed, self._next_try = self._next_try is None, time.monotonic() + self._pause
        if was_closed:
            log.warning(
                "Redis does not answer: until it does, each process counts limits by itself "
                "(%s: %s).",
                type(error).__name__,
                error,
            )
