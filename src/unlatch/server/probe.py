"""A question that must not hang with whom it asks."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from unlatch.threads import on_a_thread

T = TypeVar("T")

log = logging.getLogger("unlatch")


class Probe(Generic[T]):
    """Asks in a thread of its own, of which there is never more than one: whoever comes while a
    question is out waits for the same answer. A database that hangs would otherwise take a
    thread, and a connection, with each time that somebody asks whether it does.

    Args:
        question: May take for ever. To raise is no answer; the class of what it raises is logged.
    """

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._lock = threading.Lock()
        self._out: Future[T] | None = None
        self._since = 0.0

    def ask(self, patience: float) -> T | None:
        """The answer, or None if there is none within `patience` seconds of the question, or none
        at all, or no room for a thread to ask in. Who comes later to one that is out has the less
        to wait. Never raises: whoever asks wants to be told that something is wrong.
        """
        try:
            return self._asked(patience)
        except TimeoutError:
            return None
        except Exception as error:
            log.error("a probe failed (%s)", type(error).__name__)
            return None

    def _asked(self, patience: float) -> T:
        with self._lock:
            if self._out is None or self._out.done():
                self._out, self._since = on_a_thread(self._question), time.monotonic()
            answer, left = self._out, self._since + patience - time.monotonic()
        return answer.result(max(0.0, left))
