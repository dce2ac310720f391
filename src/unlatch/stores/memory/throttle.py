"""Counters in memory: of this process only, and gone with it."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from unlatch.core.throttle import Allowance

MOST_COUNTERS = 100_000
"""About 20 MB. A flood from more addresses than that pushes out who was longest not seen."""


class MemoryThrottle:
    """Args:
    most_counters: More push out those that were longest not used.
    """

    def __init__(self, most_counters: int = MOST_COUNTERS) -> None:
        self._most_counters = most_counters
        self._full_at: OrderedDict[bytes, int] = OrderedDict()
        self._lock = threading.Lock()

    degraded = False

    def request_begins(self) -> None:
        pass

    def take(self, wanted: Sequence[Allowance], *, now: int) -> int:
        with self._lock:
            after: dict[bytes, int] = {}
            waits = []
            for one in wanted:
                key = one.key  # which takes a hash
                before = after.get(key) or self._full_at.get(key, 0)
                full_at = one.limit.full_after_taking(before, now=now)
                if full_at is None:
                    waits.append(one.limit.wait(before, now=now))
                else:
                    after[key] = full_at
            if waits:
                return max(waits)
            for key, full_at in after.items():
                self._full_at[key] = full_at
                self._full_at.move_to_end(key)
            self._forget(now)
            return 0

    def _forget(self, now: int) -> None:
        """Those that were longest not used, as far as they are full again, which they would be
        without us, too; and where there are too many of them, whatever they say.
        """
        while self._full_at:
            key = next(iter(self._full_at))
            if self._full_at[key] > now and len(self._full_at) <= self._most_counters:
                return
            del self._full_at[key]

    def give_back(self, taken: Sequence[Allowance], *, now: int) -> None:
        with self._lock:
            for one in taken:
                key = one.key
                full_at = self._full_at.get(key, 0) - one.limit.interval
                if full_at > now:
                    self._full_at[key] = full_at
                else:
                    self._full_at.pop(key, None)


class NoThrottle:
    """Lets everybody do everything."""

    degraded = False

    def request_begins(self) -> None:
        pass

    def take(self, wanted: Sequence[Allowance], *, now: int) -> int:  # noqa: ARG002  # the port's
        return 0

    def give_back(self, taken: Sequence[Allowance], *, now: int) -> None:
        pass
