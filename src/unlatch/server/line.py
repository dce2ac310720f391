"""A line of threads, in which nobody goes before those who came earlier."""

import threading
from collections import deque


class Line:
    """Lets some in at once, and the others in the order in which they came. A
    `threading.Semaphore` does not: when one is let go, whoever asks just then is as likely to get
    it as those who wait, and of a crowd some would be overtaken again and again.

    Args:
        at_once: How many are inside at most; with none, who has no patience waits for ever.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[threading.Lock] = deque()
        self._changing = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def enter(self, patience: float | None) -> bool:
        """Wait until this thread is let in, and give whether it was; then it has to `leave`.

        Args:
            patience: Seconds to wait; None for as long as it takes.
        """
        with self._changing:
            if self._free > 0:
                self._free -= 1
                return True
            let_in = threading.Lock()
            let_in.acquire()
            self._waiting.append(let_in)
        if let_in.acquire(timeout=-1 if patience is None else patience):
            return True
        with self._changing:
            if let_in not in self._waiting:  # it was let in at the very end
                return True
            self._waiting.remove(let_in)
            return False

    def leave(self) -> None:
        """Let the next in."""
        with self._changing:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
