"""On Redis, alone and as a cluster, the throttle keeps every promise that it keeps in memory."""

import pytest
from redis_fixtures import KEY, PATIENT

from unlatch.stores.redis.throttle import RedisThrottle
from unlatch.testing.throttle_contract import ThrottleContract

pytestmark = pytest.mark.slow


def counting_there(url, nodes):
    """A throttle of which it is certain, afterwards, that it never counted in memory."""
    throttle = RedisThrottle(url, key=KEY, deadline=PATIENT)
    yield throttle
    assert not throttle._circuit.is_open
    assert not throttle._memory._full_at
    assert sum(node.ask("DBSIZE") for node in nodes) > 0


class TestRedis(ThrottleContract):
    @pytest.fixture
    def throttle(self, redis):
        yield from counting_there(redis.url, [redis])


class TestCluster(ThrottleContract):
    @pytest.fixture
    def throttle(self, redis_cluster):
        yield from counting_there(redis_cluster.url, redis_cluster.nodes)
