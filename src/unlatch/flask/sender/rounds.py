"""One thread in the background of each process, begun when there is first something to do.

All that it works on is in the store, so a process that is killed loses nothing but what it
was handing over. One that ends in order waits some seconds for that. No thread survives a
fork, so the child begins its own when it first needs one.
"""

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Callable

from unlatch.errors import StoreError

POLLING = 2.0
"""Seconds between two rounds when nobody wakes it: for rows that another process wrote."""

PATIENCE = 5.0
"""Seconds that the end of a process waits for the round that is under way."""

AWAY = 1.0
"""Seconds until a store that was away is asked again, however long it was: it may be back at any
moment, mail should go on within three seconds of that, and nobody wakes a sender that is apart. To
ask costs next to nothing.
"""

log = logging.getLogger("unlatch.sender")


class Rounds:
    """Does `work` whenever it is woken, and every `polling` seconds anyway.

    No exception ends it: a store that is away is asked again every second, anything else is
    logged by its class name.
    """

    def __init__(self, work: Callable[[], object], *, polling: float = POLLING) -> None:
        self._work = work
        self._polling = polling
        self._thread: threading.Thread | None = None
        self._is_away = False
        self._forget()
        _every.add(self)

    @property
    def running(self) -> bool:
        """Whether this process has its thread."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether the round that is under way should be the last."""
        return self._stopping

    def start(self) -> None:
        """Begin the thread, unless this process has it already. Cheap; never raises."""
        if self.running:
            return
        with self._changed:
            if self.running:
                return
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="unlatch-sender", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:  # No more threads, or the interpreter is ending.
                self._thread = None
                log.warning("the sender's thread could not start (%s)", type(error).__name__)

    def wake(self) -> None:
        """Do a round now, in the background. Cheap; never raises."""
        self.start()
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def pause(self, seconds: float) -> bool:
        """Wait in the middle of a round, and tell whether it should end."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, seconds)

    def stop(self, timeout: float = PATIENCE) -> None:
        """End the thread after the round it is in, and wait for that at most `timeout`
        seconds. One that has been told before, and given up, is not waited for again: the end of
        the process asks, too, and whoever runs it has little patience.
        """
        thread = self._thread
        with self._changed:
            was_told, self._stopping = self._stopping, True
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread() and not was_told:
            thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping:
            pause = self._round()
            with self._changed:
                self._changed.wait_for(lambda: self._woken or self._stopping, pause)
                self._woken = False

    def _round(self) -> float:
        """One round; gives the seconds to wait after it."""
        try:
            self._work()
        except StoreError as error:
            if not self._is_away:  # told once: an outage may take hours
                log.warning("no mail is sent: %s", error)
            self._is_away = True
            return min(AWAY, self._polling)
        except Exception as error:  # A thread that died could tell nobody.
            log.error("a round of the sender failed (%s)", type(error).__name__)
            return self._polling
        if self._is_away:
            log.info("the store is back")
        self._is_away = False
        return self._polling

    def _forget(self) -> None:
        """As if nothing had begun. After a fork the parent's lock may be held for ever."""
        self._changed = threading.Condition()
        self._thread = None
        self._woken = False
        self._stopping = False


_every: "weakref.WeakSet[Rounds]" = weakref.WeakSet()


def _forget_all() -> None:
    for rounds in list(_every):
        rounds._forget()


def stop_all() -> None:
    """Stop every one of this process. For the end of processes that run nothing of `atexit`."""
    for rounds in list(_every):
        rounds.stop()


atexit.register(stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
