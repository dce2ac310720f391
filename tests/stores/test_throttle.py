"""The throttle in memory keeps every promise, and its memory is bounded."""

import pytest

from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import MINUTE
from unlatch.stores.memory.throttle import MemoryThrottle, NoThrottle
from unlatch.testing.throttle_contract import ThrottleContract

NOW = 1_780_000_000_000_000
ONE = Limit("one", 1, MINUTE)


class TestMemoryThrottle(ThrottleContract):
    @pytest.fixture
    def throttle(self):
        return MemoryThrottle()


def test_a_flood_pushes_out_who_was_longest_not_seen():
    throttle = MemoryThrottle(most_counters=3)
    ada = Allowance(ONE, "ada")
    throttle.take([ada], now=NOW)

    for stranger in range(2):
        throttle.take([Allowance(ONE, f"stranger {stranger}")], now=NOW)
    assert throttle.take([ada], now=NOW) == MINUTE

    throttle.take([Allowance(ONE, "one more")], now=NOW)
    assert throttle.take([ada], now=NOW) == 0


def test_a_counter_that_is_full_again_is_forgotten():
    throttle = MemoryThrottle()
    for number in range(1000):
        throttle.take([Allowance(ONE, f"visitor {number}")], now=NOW + number * MINUTE)

    assert len(throttle._full_at) == 1


def test_where_nothing_is_counted_nobody_is_limited():
    throttle = NoThrottle()

    assert [throttle.take([Allowance(ONE, "ada")], now=NOW) for _ in range(9)] == [0] * 9
