"""Many who do a thing at the same moment."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


class Crowd:
    """Threads that stay, so that a round costs no more than what is done in it."""

    def __init__(self, pool: ThreadPoolExecutor, size: int) -> None:
        self.size = size
        self._pool = pool
        self._barrier = Barrier(size)

    def at_once(self, work: Callable[[int], T]) -> list[T | Exception]:
        """What each one's work gave or raised; all are let go together."""

        def run(number: int) -> T | Exception:
            self._barrier.wait()
            try:
                return work(number)
            except Exception as error:
                return error

        return list(self._pool.map(run, range(self.size)))


@contextmanager
def crowd(size: int) -> Iterator[Crowd]:
    with ThreadPoolExecutor(size) as pool:
        yield Crowd(pool, size)


def tally(results: Sequence[object]) -> Counter[type]:
    """How many came out how: what was given or raised, by its class."""
    return Counter(type(one) for one in results)
