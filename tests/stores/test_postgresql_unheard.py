"""A COMMIT without an answer leaves a process behind at the server: few of them, so that those who
read find a place; and all goes on by itself when answers come.
"""

import math
import os
import socket
from collections import Counter
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from cable import cable
from postgres import Postgres, be_patient
from processes import wait_until

from unlatch.errors import CommitUnknown, StoreError
from unlatch.stores import open_stores
from unlatch.stores.sql import postgresql_unheard
from unlatch.stores.sql.postgresql import PostgresqlDatabase
from unlatch.stores.sql.postgresql_unheard import UnheardCommits
from unlatch.testing.store_contract.making import NOW, an_account, at_once, kept

NAMES = (f"bo{number}" for number in count())
ADA = an_account()
MANY = 8
COMMITTING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


class Committing:
    """A connection of a pool, and its driver's, in a COMMIT."""

    is_open = True

    def __init__(self):
        self.dbapi_connection = self
        self._client, self._server = socket.socketpair()
        self.fileno = self._client.fileno

    def answer(self):
        self._server.sendall(b"done")

    def say_something(self):
        self._server.sendall(b"not yet")

    def hang_up(self):
        self._server.close()

    def late_answer(self):
        return {b"done": True, b"not yet": None, b"": False}[self._client.recv(99)]

    def invalidate(self):
        self.is_open = False
        self._client.close()
        self._server.close()


@pytest.fixture
def clock(monkeypatch):
    told = SimpleNamespace(now=1000.0)
    told.monotonic = lambda: told.now
    monkeypatch.setattr(postgresql_unheard, "time", told)
    return told


@pytest.fixture
def unheard(clock):
    unheard = UnheardCommits()
    yield unheard
    unheard.close()


def writer(stores):
    """Makes another account each time."""
    return lambda _: kept(stores, an_account(next(NAMES)))


def types_of(results):
    return Counter(type(one) for one in results)


def kept_by(unheard, many):
    all_of_them = [Committing() for _ in range(many)]
    for one in all_of_them:
        unheard.keep(one)
    return all_of_them


def turns_away(unheard):
    try:
        with unheard.writing():
            return False
    except StoreError:
        return True


def test_some_may_be_late(unheard):
    assert not turns_away(unheard)
    for late in (False, False, True):
        kept_by(unheard, 1)
        assert turns_away(unheard) is late


def test_of_too_many_the_first_is_given_up(unheard):
    first, *others = kept_by(unheard, 4)

    assert not first.is_open
    assert first not in unheard
    assert all(one.is_open and one in unheard for one in others)


def test_an_answer_lets_the_next_write(unheard):
    first, *others = kept_by(unheard, 3)
    assert turns_away(unheard)

    first.answer()

    assert not turns_away(unheard)
    assert not first.is_open
    assert all(one.is_open for one in others)


def test_what_is_none_is_waited_on(unheard):
    (one, *_) = kept_by(unheard, 3)

    one.say_something()

    assert turns_away(unheard)
    assert one.is_open


def test_where_all_are_lost_somebody_tries_at_once_and_the_others_wait(unheard):
    """The server may be another now, or the same behind a proxy that had enough."""
    for one in kept_by(unheard, 3):
        one.hang_up()

    with unheard.writing():
        assert turns_away(unheard)
        unheard.lost()

    assert turns_away(unheard)


def test_without_one_somebody_tries_now_and_then(unheard, clock):
    kept_by(unheard, 3)
    for pause in (5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560):
        clock.now += pause - 1
        assert turns_away(unheard)
        clock.now += 1
        with unheard.writing():
            assert turns_away(unheard)  # one alone
            kept_by(unheard, 1)  # in vain
        assert turns_away(unheard)


def test_a_try_that_came_to_nothing_is_somebody_elses(unheard, clock):
    kept_by(unheard, 3)
    clock.now += 5
    with pytest.raises(ZeroDivisionError), unheard.writing():
        raise ZeroDivisionError

    for _ in range(2):
        assert not turns_away(unheard)


@pytest.mark.parametrize("how", ["answered", "others are"])
def test_who_was_heard_of_tries_soon_the_next_time(unheard, clock, how):
    kept_by(unheard, 3)
    clock.now += 5
    with unheard.writing():
        (last,) = kept_by(unheard, 1)
    clock.now += 9
    assert turns_away(unheard)
    if how == "answered":
        last.answer()
        assert not turns_away(unheard)
    else:
        unheard.close()
        assert not last.is_open

    kept_by(unheard, 3)
    clock.now += 5

    assert not turns_away(unheard)


def test_a_fork_leaves_them_to_its_parent():
    database = PostgresqlDatabase("postgresql://127.0.0.1:1/x")
    (parents,) = kept_by(database._unheard, 1)
    child = os.fork()
    if child == 0:
        database._unheard.close()
        os._exit(0 if parents.is_open else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert parents in database._unheard
    parents.invalidate()


@pytest.fixture
def own_postgres(monkeypatch):
    be_patient(monkeypatch, commit_seconds=3.0)
    server = Postgres("synchronous_commit=on", "max_connections=30")
    yield server
    server.stop()


@pytest.fixture
def stores(own_postgres):
    stores = open_stores(own_postgres.url(own_postgres.fresh()))
    kept(stores, ADA)
    yield stores
    stores.close()


def standbys(server, names):
    server.tell(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    server.tell("SELECT pg_reload_conf()")
    wait_until(lambda: server.tell("SHOW synchronous_standby_names") == [(names,)], "it")


@pytest.mark.slow
def test_who_reads_goes_on_while_no_standby_is_there(own_postgres, stores):
    """As do those who write when it is back."""
    standbys(own_postgres, "away")

    assert types_of(at_once(MANY, writer(stores))) == {CommitUnknown: MANY}
    stores.database._unheard._next_at = math.inf
    for _ in range(3):
        assert types_of(at_once(MANY, writer(stores))) == {StoreError: MANY}
        assert at_once(MANY, lambda _: stores.accounts.find(ADA.id)) == [ADA] * MANY
    assert own_postgres.tell(COMMITTING) == [(MANY,)]

    standbys(own_postgres, "")
    wait_until(lambda: own_postgres.tell(COMMITTING) == [(0,)], "their end")
    assert at_once(2, writer(stores)) == [None] * 2


@pytest.mark.slow
def test_of_all_who_write_one_tries(own_postgres, stores):
    standbys(own_postgres, "away")
    at_once(MANY, writer(stores))

    for tried in (1, 2):
        stores.database._unheard._next_at = 0.0
        told = types_of(at_once(MANY, writer(stores)))
        assert told == {CommitUnknown: 1, StoreError: MANY - 1}
        assert own_postgres.tell(COMMITTING) == [(MANY + tried,)]


@pytest.mark.slow
def test_one_who_is_heard_of_lets_all_write(own_postgres):
    """Where no answer can come any more: the others are not waited for. But a COMMIT of nothing
    needs no standby, and tells of none.
    """
    with cable(own_postgres.port) as wire:
        url = own_postgres.url(own_postgres.fresh(), wire.port)
        stores: Any = open_stores(url)
        kept(stores, ADA)
        standbys(own_postgres, "away")
        at_once(MANY, writer(stores))
        wire.lose()
        standbys(own_postgres, "")
        unheard = stores.database._unheard
        unheard._next_at = math.inf
        assert types_of(at_once(1, writer(stores))) == {StoreError: 1}
        unheard._next_at = 0.0

        assert stores.mails.claim(now=NOW, lease=1) is None
        assert unheard
        assert at_once(1, writer(stores)) == [None]
        assert not unheard
        assert at_once(MANY, writer(stores)) == [None] * MANY
        stores.close()
