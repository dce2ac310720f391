"""What was not needed goes back without a question of its own, where nobody would miss it."""

import os

import pytest
from crowd import crowd
from redis_fixtures import KEY, PATIENT

from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import HOUR, MINUTE, SECOND
from unlatch.stores.redis.throttle import RedisThrottle

pytestmark = pytest.mark.slow

NOW = 1_780_000_000_000_000
QUICK, SLOW = Limit("quick", 30, 10 * MINUTE), Limit("slow", 5, HOUR)
ADA, BOB = Allowance(QUICK, "ada"), Allowance(QUICK, "bob")


@pytest.fixture
def site(redis):
    """Two processes of it, whose Redis knows the script."""
    here, there = two_processes(redis)
    here.take([Allowance(SLOW, "somebody")], now=NOW)
    return here, there


def two_processes(redis):
    return [RedisThrottle(redis.url, key=KEY, deadline=PATIENT) for _ in range(2)]


@pytest.fixture
def questions(site, monkeypatch):
    """How many counters each question of the first process was about, as they are asked."""
    asked, ask = [], site[0]._servers.ask

    def ask_and_note(commands, deadline):
        asked.append(len(commands))
        return ask(commands, deadline)

    monkeypatch.setattr(site[0]._servers, "ask", ask_and_note)
    return asked


def how_many(throttle, wanted):
    """Are there."""
    count = 0
    while throttle.take([wanted], now=NOW) == 0:
        count += 1
    return count


def take_ten_and_owe_five(throttle):
    for _ in range(10):
        throttle.take([ADA], now=NOW)
    throttle.give_back([ADA] * 5, now=NOW)


def test_it_goes_with_the_next_question(site, questions):
    here, there = site
    for _ in range(3):
        here.take([ADA], now=NOW)

    here.give_back([ADA], now=NOW)
    assert questions == [1, 1, 1]
    here.take([BOB], now=NOW)

    assert questions[3:] == [2]
    assert how_many(there, ADA) == 28


def test_it_is_there_for_that_question(site):
    here, _ = site
    assert how_many(here, ADA) == 30

    here.give_back([ADA], now=NOW)

    assert [here.take([ADA], now=NOW) for _ in range(2)] == [0, 20 * SECOND]


def test_it_is_there_where_nothing_was_ever_given_back(redis):
    """With a script of its own, which such a server does not know yet, it would come too late."""
    here, _ = two_processes(redis)
    assert how_many(here, ADA) == 30

    here.give_back([ADA], now=NOW)

    assert [here.take([ADA], now=NOW) for _ in range(2)] == [0, 20 * SECOND]


def test_what_is_said_of_another_counter_lets_nobody_in(site):
    here, _ = site
    assert how_many(here, ADA) == 30
    here.take([BOB], now=NOW)

    here.give_back([BOB], now=NOW)

    assert here.take([ADA], now=NOW) == 20 * SECOND


def test_what_takes_long_to_come_again_is_there_at_once(site, questions):
    """Who types four names that are taken, each at another process, may try a fifth."""
    here, there = site
    made = Allowance(SLOW, "ada")
    here.take([made, ADA], now=NOW)

    here.give_back([made, ADA], now=NOW)

    assert how_many(there, made) == 5
    assert how_many(there, ADA) == 30
    assert questions == [2, 2]


def test_what_is_there_again_by_itself_is_not_given_back_too(site):
    """Who signs in at many processes would have more failures afterwards than the limit has."""
    here, there = site
    take_ten_and_owe_five(here)

    here.take([BOB], now=NOW + 20 * SECOND)

    assert how_many(there, ADA) == 20


def test_where_the_script_is_forgotten_each_counter_gets_its_own(redis, site):
    here, _ = site
    assert how_many(here, ADA) == 30
    here.take([BOB], now=NOW)
    here.give_back([ADA, BOB], now=NOW)

    redis.ask("SCRIPT", "FLUSH")

    assert [here.take([ADA, BOB], now=NOW) for _ in range(2)] == [0, 20 * SECOND]
    assert how_many(here, BOB) == 29


def test_it_is_given_back_once(site):
    here, there = site
    take_ten_and_owe_five(here)

    with crowd(8) as all_of_them:
        all_of_them.at_once(lambda _: here.take([BOB], now=NOW))

    assert how_many(there, ADA) == 25


def test_a_forked_child_does_not_give_back_what_its_parent_owes(site):
    here, there = site
    take_ten_and_owe_five(here)

    child = os.fork()
    if child == 0:
        try:
            here.take([BOB], now=NOW)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    here.take([BOB], now=NOW)

    assert how_many(there, ADA) == 25
