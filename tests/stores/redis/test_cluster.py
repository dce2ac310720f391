"""A cluster that changes: its keys move, its servers die one by one and come back."""

import pytest
from redis_fixtures import KEY, PATIENT
from redis_servers import SLOTS, eventually

from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import HOUR
from unlatch.stores.redis.throttle import RedisThrottle

pytestmark = pytest.mark.slow

NOW = 1_780_000_000_000_000
TWO = Limit("two", 2, HOUR)
FULL = [0, 0, HOUR // 2]
"""What is told of two, asked for three times."""


def test_keys_that_move_servers_that_die_and_all_of_it_gone(own_cluster):
    """What has moved is found where it is. When a server dies, what the others have goes on being
    counted there, and what it had in each process, until another one takes it over. When all were
    gone they are found again.
    """
    first, second, third = own_cluster.nodes
    throttle = RedisThrottle(own_cluster.url, key=KEY, deadline=PATIENT, pause=0.0)

    def ask_three(who):
        return [throttle.take([Allowance(TWO, who)], now=NOW) for _ in range(3)]

    def is_counted_there(who):
        throttle.take([Allowance(TWO, who)], now=NOW)
        return not throttle._circuit.is_open

    everybody = [f"198.51.100.{number}" for number in range(20)]
    assert ask_three("mira") == FULL

    own_cluster.move(SLOTS[1][::2], third)
    assert [ask_three(who) for who in everybody] == [FULL] * 20
    assert not throttle._circuit.is_open
    held = [node.ask("DBSIZE") for node in own_cluster.nodes]
    assert sum(held) == 20

    first.kill()
    assert [ask_three(f"{who} again") for who in everybody] == [FULL] * 20
    assert 0 < third.ask("DBSIZE") - held[2] < 20

    own_cluster.move(SLOTS[0], third)
    eventually(lambda: all(is_counted_there(who) for who in everybody))

    second.kill()
    third.kill()
    assert ask_three("nobody") == FULL
    second.start()
    third.start()
    eventually(lambda: is_counted_there("noah"))


def test_a_question_is_not_preceded_by_others(redis_cluster):
    """redis-py would ask first, for each script, what its keys are."""
    throttle = RedisThrottle(redis_cluster.url, key=KEY, deadline=PATIENT)
    throttle.take([Allowance(TWO, "mira")], now=NOW)
    for node in redis_cluster.nodes:
        node.ask("CONFIG", "RESETSTAT")

    throttle.take([Allowance(TWO, f"198.51.100.{number}") for number in range(20)], now=NOW)

    ran = [node.ask("INFO", "commandstats") for node in redis_cluster.nodes]
    assert not any("cmdstat_command|getkeys" in one for one in ran)
