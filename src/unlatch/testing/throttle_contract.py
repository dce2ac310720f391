"""What every throttle promises (`unlatch.core.ports.Throttle`), as tests for pytest.

Used like `StoreContract`: a subclass gives the fixture `throttle`, empty for each test.
"""

from unlatch.core.ports import Throttle
from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import MINUTE, SECOND
from unlatch.testing.store_contract.making import NOW, at_once

FIVE = Limit("five", 5, 10 * MINUTE)
MANY = Limit("many", 1_000, MINUTE)
ADA, BOB = Allowance(FIVE, "ada"), Allowance(FIVE, "bob")


class ThrottleContract:
    """All promises. A subclass gives the fixture `throttle`."""

    def test_so_many_at_once_and_then_one_by_one(self, throttle: Throttle) -> None:
        assert [throttle.take([ADA], now=NOW) for _ in range(6)] == [0] * 5 + [2 * MINUTE]
        assert throttle.take([ADA], now=NOW + MINUTE) == MINUTE
        assert throttle.take([ADA], now=NOW + 2 * MINUTE) == 0
        assert throttle.take([ADA], now=NOW + 2 * MINUTE) == 2 * MINUTE

    def test_after_its_period_all_are_back_and_no_more(self, throttle: Throttle) -> None:
        for _ in range(5):
            throttle.take([ADA], now=NOW)

        later = [throttle.take([ADA], now=NOW + 60 * MINUTE) for _ in range(6)]

        assert later == [0] * 5 + [2 * MINUTE]

    def test_nobody_eats_what_is_anothers(self, throttle: Throttle) -> None:
        for _ in range(9):
            throttle.take([ADA], now=NOW)

        assert throttle.take([BOB], now=NOW) == 0

    def test_two_limits_of_one_person_share_nothing(self, throttle: Throttle) -> None:
        for _ in range(9):
            throttle.take([ADA], now=NOW)

        assert throttle.take([Allowance(MANY, "ada")], now=NOW) == 0

    def test_of_several_all_are_taken_or_none(self, throttle: Throttle) -> None:
        for _ in range(5):
            throttle.take([ADA], now=NOW)
        both = [BOB, ADA]

        assert [throttle.take(both, now=NOW) for _ in range(9)] == [2 * MINUTE] * 9
        assert [throttle.take([BOB], now=NOW) for _ in range(6)] == [0] * 5 + [2 * MINUTE]

    def test_one_that_is_wanted_twice_is_taken_twice(self, throttle: Throttle) -> None:
        twice = [ADA, ADA]

        assert [throttle.take(twice, now=NOW) for _ in range(3)] == [0, 0, 2 * MINUTE]
        assert [throttle.take([ADA], now=NOW) for _ in range(2)] == [0, 2 * MINUTE]

    def test_the_longest_wait_is_told(self, throttle: Throttle) -> None:
        hasty = Allowance(Limit("hasty", 1, SECOND), "ada")
        throttle.take([hasty], now=NOW)
        for _ in range(5):
            throttle.take([ADA], now=NOW)

        assert throttle.take([ADA, hasty], now=NOW) == 2 * MINUTE
        assert throttle.take([hasty, ADA], now=NOW) == 2 * MINUTE

    def test_what_is_given_back_can_be_taken_again(self, throttle: Throttle) -> None:
        for _ in range(5):
            throttle.take([ADA], now=NOW)

        throttle.give_back([ADA], now=NOW)

        assert [throttle.take([ADA], now=NOW) for _ in range(2)] == [0, 2 * MINUTE]

    def test_giving_back_never_makes_more_than_there_were(self, throttle: Throttle) -> None:
        for _ in range(3):
            throttle.give_back([ADA], now=NOW)

        assert [throttle.take([ADA], now=NOW) for _ in range(6)] == [0] * 5 + [2 * MINUTE]

    def test_of_many_at_once_no_more_get_one_than_there_are(self, throttle: Throttle) -> None:
        waits = at_once(20, lambda _: throttle.take([ADA], now=NOW))

        assert waits.count(0) == 5
