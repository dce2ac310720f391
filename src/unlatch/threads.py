"""Work that nobody has to wait for."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def on_a_thread(work: Callable[[], T]) -> "Future[T]":
    """Begin some work on a thread of its own. The interpreter does not wait for it at its end.

    Returns:
        What the work gives, or raises, to wait for as long as one likes.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="unlatch-aside", daemon=True).start()
    return future
