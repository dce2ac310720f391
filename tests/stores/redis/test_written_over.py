"""Somebody writes into Redis once. As long as he can he may keep people out, or let everybody try
as often as each process by itself allows; afterwards nothing is left of it after a limit's period.
"""

import pytest
import redis as library
from redis_fixtures import KEY, PATIENT

from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import DAY, MINUTE
from unlatch.stores.redis.throttle import RedisThrottle

pytestmark = pytest.mark.slow

NOW = 1_780_000_000_000_000
ADA = Allowance(Limit("ten", 10, 10 * MINUTE), "ada")
YEAR = 365 * DAY


@pytest.fixture
def throttle(redis):
    throttle = RedisThrottle(redis.url, key=KEY, deadline=PATIENT)
    assert throttle.take([ADA], now=NOW) == 0
    return throttle


@pytest.fixture
def client(redis):
    """His."""
    with library.Redis.from_url(redis.url) as client:
        yield client


@pytest.fixture
def counter(throttle, client):
    (name,) = client.keys("unlatch:*")
    return name


@pytest.mark.parametrize("value", [NOW + YEAR, "inf", "1e300", "nan", "-nan"])
def test_nobody_is_kept_out_for_longer_than_a_period(throttle, client, counter, value):
    client.set(counter, value, px=YEAR // 1000)

    for _ in range(12):
        throttle.take([ADA], now=NOW)

    assert client.pttl(counter) <= 11 * MINUTE // 1000
    assert not throttle.degraded


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf", "", "0x", "1" * 400])
def test_what_is_no_counter_counts_for_nothing(throttle, client, counter, value):
    """Nor does it have each process count by itself."""
    client.set(counter, value)

    taken = [throttle.take([ADA], now=NOW) for _ in range(20)]

    assert taken.count(0) == 10
    assert not throttle.degraded
