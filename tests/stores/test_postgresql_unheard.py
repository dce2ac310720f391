"""A COMMIT without an answer leaves a process behind at the server: few of them, so that those who
read find a place; and all goes on by itself when answers come.
"""

import os
import socket
from itertools import count
from types import SimpleNamespace

import pytest
from postgres import Postgres
from processes import wait_until

from unlatch.errors import CommitUnknown, StoreError
from unlatch.stores import open_stores
from unlatch.stores.sql import postgresql_unheard
from unlatch.stores.sql.postgresql import PostgresqlDatabase
from unlatch.stores.sql.postgresql_unheard import UnheardCommits
from unlatch.testing.store_contract.making import an_account, at_once, kept

MANY = 8
COMMITTING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


class Committing:
    """A connection of a pool, in a COMMIT."""

    is_open = True

    def __init__(self):
        self.driver_connection, self._server = socket.socketpair()

    def answer(self):
        self._server.sendall(b"at last")

    def invalidate(self):
        self.is_open = False
        self.driver_connection.close()
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


def kept_by(unheard, many):
    all_of_them = [Committing() for _ in range(many)]
    for one in all_of_them:
        unheard.keep(one)
    return all_of_them


def turns_away(unheard):
    try:
        unheard.turn_away()
    except StoreError:
        return True
    return False


def test_some_may_be_late(unheard):
    assert not turns_away(unheard)
    for late in (False, False, True):
        kept_by(unheard, 1)
        assert turns_away(unheard) is late


def test_what_would_be_too_many_is_given_up(unheard):
    *first, last = kept_by(unheard, 4)

    assert all(one.is_open and one in unheard for one in first)
    assert not last.is_open
    assert last not in unheard


def test_an_answer_lets_the_next_write(unheard):
    first, *others = kept_by(unheard, 3)
    assert turns_away(unheard)

    first.answer()

    assert not turns_away(unheard)
    assert not first.is_open
    assert all(one.is_open for one in others)


def test_without_one_somebody_tries_now_and_then(unheard, clock):
    kept_by(unheard, 3)
    for pause in (5, 10, 20, 40, 80, 160):
        clock.now += pause - 1
        assert turns_away(unheard)
        clock.now += 1
        assert not turns_away(unheard)
        kept_by(unheard, 1)  # in vain


def test_who_hears_again_does_so_at_once_the_next_time(unheard, clock):
    kept_by(unheard, 3)
    clock.now += 5
    assert not turns_away(unheard)
    for one in kept_by(unheard, 1):
        one.answer()
    clock.now += 901  # the other two are waited for no longer
    assert not turns_away(unheard)

    kept_by(unheard, 3)
    clock.now += 5

    assert not turns_away(unheard)


def test_none_is_waited_for_for_ever(unheard, clock):
    (one,) = kept_by(unheard, 1)
    clock.now += 899
    assert not turns_away(unheard)
    assert one.is_open

    clock.now += 2

    assert not turns_away(unheard)
    assert not one.is_open


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
def own_postgres():
    server = Postgres("synchronous_commit=on", "max_connections=30")
    yield server
    server.stop()


@pytest.mark.slow
def test_who_reads_goes_on_while_no_standby_is_there(own_postgres):
    name = own_postgres.fresh()
    stores = open_stores(own_postgres.url(name))
    ada = an_account()
    kept(stores, ada)

    numbers = count()

    def write(_):
        kept(stores, an_account(f"bo{next(numbers)}"))

    own_postgres.tell("ALTER SYSTEM SET synchronous_standby_names = 'away'")
    own_postgres.tell("SELECT pg_reload_conf()")
    wait_until(lambda: own_postgres.tell("SHOW synchronous_standby_names") == [("away",)], "it")

    first = at_once(MANY, write)
    assert {type(one) for one in first} == {CommitUnknown}
    for _ in range(3):
        later = at_once(MANY, write)
        assert {type(one) for one in later} == {StoreError}
        assert at_once(MANY, lambda _: stores.accounts.find(ada.id)) == [ada] * MANY
    assert own_postgres.tell(COMMITTING) == [(MANY,)]

    own_postgres.tell("ALTER SYSTEM RESET synchronous_standby_names")
    own_postgres.tell("SELECT pg_reload_conf()")
    wait_until(lambda: own_postgres.tell(COMMITTING) == [(0,)], "their end")
    assert at_once(2, write) == [None] * 2
    stores.close()
