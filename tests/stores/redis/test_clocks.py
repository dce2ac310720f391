"""Machines whose clocks differ count together all the same: nobody is kept out for as long as they
differ, and nobody gets much more than there is.
"""

import pytest
from redis_fixtures import KEY, PATIENT

from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import HOUR, MINUTE
from unlatch.stores.redis.throttle import RedisThrottle

pytestmark = pytest.mark.slow

NOW = 1_780_000_000_000_000
ADA = Allowance(Limit("ten", 10, 10 * MINUTE), "ada")


@pytest.fixture
def throttle(redis):
    return RedisThrottle(redis.url, key=KEY, deadline=PATIENT)


@pytest.mark.parametrize("behind", [MINUTE // 2, 15 * MINUTE, 100_000 * HOUR])
def test_who_is_behind_sees_what_the_others_took_and_no_more(throttle, behind):
    assert throttle.take([ADA], now=NOW) == 0
    assert [throttle.take([ADA], now=NOW - behind) for _ in range(8)] == [0] * 8

    last = [throttle.take([ADA], now=now) for now in (NOW - behind, NOW, NOW - behind)]
    assert 0 in last
    assert 0 < last[-1] <= 2 * MINUTE  # not for as long as the clocks differ


@pytest.mark.parametrize("ahead", [15 * MINUTE, 100_000 * HOUR])
def test_who_is_ahead_forgets_once_and_not_again(throttle, ahead):
    taken = [throttle.take([ADA], now=NOW + (number % 2) * ahead) for number in range(40)]

    assert 10 <= taken.count(0) <= 11
