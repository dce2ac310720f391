"""Getting around the limits by another of a site's processes, or by taking away the Redis that
they share; or shutting people out by it. Without Redis each process counts by itself, and whoever
belongs there comes in as ever.
"""

import pytest
from fixtures import person
from redis_fixtures import PATIENT
from redis_servers import RedisServer
from strangers import too_many, wrong_passkey
from wire import WireClient

from unlatch.stores.redis.deadline import Patience
from unlatch.stores.redis.throttle import DEADLINE, PAUSE

ORIGIN = "https://acme.example"


@pytest.fixture
def start_process(start_app, redis):
    """One of the site's processes, which has time for a busy machine's Redis."""

    def start(patience=PATIENT):
        app = start_app(UNLATCH_REDIS_URL=redis.url)
        throttle_of(app)._patience = Patience(patience)
        return app

    return start


@pytest.fixture
def app(start_process):
    return start_process()


def throttle_of(app):
    return app.extensions["unlatch"].throttle


def stranger(app):
    somebody = person(app, ORIGIN)
    assert isinstance(somebody.client, WireClient)
    somebody.client.address = "127.6.6.6"
    return somebody


def failures_until_too_many(*strangers, most=200):
    """How many of theirs, in turns, are looked at until one is told to wait."""
    for number in range(most):
        answer = wrong_passkey(strangers[number % len(strangers)])
        if answer.status_code == 429:
            return number
        assert answer.status_code == 401
    raise AssertionError("no limit")


def test_thirty_failures_whichever_process_answers(app, start_process):
    here, there = stranger(app), stranger(start_process())

    assert failures_until_too_many(here, there) == 30
    too_many(wrong_passkey(here))
    too_many(wrong_passkey(there))


@pytest.mark.parametrize("away", [RedisServer.is_gone, RedisServer.hangs])
def test_without_redis_each_process_counts_and_lets_in(mira, app, start_process, redis, away):
    other = start_process(patience=0.3)
    throttle_of(app)._patience = Patience(0.3)

    with away(redis):
        mira.sign_out()
        assert mira.sign_in().status_code == 200
        newcomer = person(app, ORIGIN, username="noah", email="noah@example.com")
        assert newcomer.register().status_code == 303
        assert failures_until_too_many(stranger(app)) == 30
        assert failures_until_too_many(stranger(other)) == 30
        mira.sign_out()
        assert mira.sign_in().status_code == 200
        assert throttle_of(app).degraded
        assert throttle_of(other).degraded

    for throttle in (throttle_of(app), throttle_of(other)):
        throttle._patience = Patience(PATIENT)
        throttle._circuit._next_try = 0.0  # the pause is over
    # What it was asked while it hung it does when it wakes: one question of each process.
    assert failures_until_too_many(stranger(app), stranger(other)) in (28, 29, 30)
    assert not throttle_of(app).degraded
    assert not throttle_of(other).degraded


def test_nobody_waits_long():
    assert (DEADLINE, PAUSE) == (0.1, 5.0)  # seconds: of a request, and between two that try


def test_flushing_it_gives_thirty_more_and_nothing_else(mira, app, redis):
    somebody = stranger(app)
    assert failures_until_too_many(somebody) == 30
    redis.ask("FLUSHALL")
    redis.ask("SCRIPT", "FLUSH")
    assert failures_until_too_many(somebody) == 30

    mira.sign_out()
    assert mira.sign_in().status_code == 200
    assert not throttle_of(app).degraded


def test_what_a_sign_in_costs_in_questions(mira, app, redis, monkeypatch):
    """None for the options, and one before the answer is looked at, which also gives back what the
    success before it had taken.
    """
    throttle = throttle_of(app)
    asked, requests = [], []
    ask, begins = throttle._servers.ask, throttle.request_begins

    def noted_ask(commands, deadline):
        asked.append(len(commands))
        return ask(commands, deadline)

    def noted_beginning():
        requests.append(1)
        begins()

    monkeypatch.setattr(throttle._servers, "ask", noted_ask)
    monkeypatch.setattr(throttle, "request_begins", noted_beginning)

    def questions(act):
        asked.clear()
        act()
        return list(asked)

    mira.sign_out()
    assert questions(mira.begin_sign_in) == []
    requests.clear()
    assert questions(mira.sign_in) == [2]
    assert len(requests) == 2  # each has its own deadline
    assert questions(lambda: wrong_passkey(mira)) == [2]
    assert questions(lambda: wrong_passkey(mira)) == [1]
    fresh = person(app, ORIGIN, username="noah", email="noah@example.com")
    assert questions(fresh.register) == [4, 1]
    assert redis.ask("DBSIZE") > 0
