"""The thread in the background: one for each process, and nothing ends it but being told."""

import logging
import os
import threading
import warnings

import pytest

from unlatch.errors import StoreError
from unlatch.flask.sender.rounds import AWAY, Rounds


class Work:
    """Counts its rounds and fails as told."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.rounds = threading.Semaphore(0)
        self.threads: set[int] = set()

    def __call__(self) -> None:
        self.threads.add(threading.get_ident())
        self.rounds.release()
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure

    def done(self, times: int = 1) -> bool:
        return all(self.rounds.acquire(timeout=5) for _ in range(times))


@pytest.fixture
def rounds_of():
    made: list[Rounds] = []

    def make(work, polling=60.0):
        made.append(Rounds(work, polling=polling))
        return made[-1]

    yield make
    for rounds in made:
        rounds.stop()


def test_nothing_runs_before_the_first_need(rounds_of):
    work = Work()
    rounds = rounds_of(work)

    assert not rounds.running
    assert not work.threads


def test_waking_does_a_round_in_another_thread(rounds_of):
    work = Work()
    rounds_of(work).wake()

    assert work.done()
    assert threading.get_ident() not in work.threads


def test_a_round_is_done_now_and_then_without_waking(rounds_of):
    work = Work()
    rounds_of(work, polling=0.001).start()

    assert work.done(5)


def test_many_needs_begin_one_thread(rounds_of):
    work = Work()
    rounds = rounds_of(work)
    starters = [threading.Thread(target=rounds.wake) for _ in range(20)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()

    assert work.done()
    assert len(work.threads) == 1


def test_no_failure_ends_it(rounds_of, caplog):
    work = Work(ValueError("anna@example.org"), StoreError("away"), KeyError("secret"))
    rounds = rounds_of(work)
    for _ in range(4):
        rounds.wake()
        assert work.done()

    assert rounds.running
    assert "ValueError" in caplog.text
    assert "anna" not in caplog.text
    assert "secret" not in caplog.text


def test_it_can_be_ended_and_begun_again(rounds_of):
    work = Work()
    rounds = rounds_of(work)
    rounds.wake()
    assert work.done()

    rounds.stop()
    assert not rounds.running

    rounds.wake()
    assert work.done()


def test_a_pause_in_the_middle_of_a_round_ends_when_told(rounds_of):
    """Else the end of a process would wait for it."""
    begun, told = threading.Event(), []

    def work():
        told.append(rounds.pause(0))
        begun.set()
        told.append(rounds.pause(60))

    rounds = rounds_of(work)
    rounds.start()
    assert begun.wait(5)

    rounds.stop()

    assert not rounds.running
    assert told == [False, True]


def test_what_was_given_up_is_not_waited_for_again(rounds_of):
    """`unlatch worker` waits for the mail at hand; the end of its interpreter must not wait as long
    once more: Docker kills after ten seconds.
    """
    begun, let_go = threading.Event(), threading.Event()

    def hang():
        begun.set()
        let_go.wait(60)

    rounds = rounds_of(hang)
    rounds.start()
    assert begun.wait(5)
    rounds.stop(0)

    again = threading.Thread(target=rounds.stop, args=(60,))
    again.start()
    try:
        again.join(5)
        assert rounds.running
        assert not again.is_alive()
    finally:
        let_go.set()
        again.join()


def test_one_that_was_begun_again_is_waited_for_again(rounds_of):
    work = Work()
    rounds = rounds_of(work)
    for _ in range(2):
        rounds.wake()
        assert work.done()
        rounds.stop()
        assert not rounds.running


def test_asking_survives_a_machine_without_room_for_a_thread(rounds_of, monkeypatch, caplog):
    def no_room(thread):
        raise RuntimeError("can't start new thread")

    rounds = rounds_of(Work())
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_room)
        rounds.wake()

    assert not rounds.running
    assert "could not start" in caplog.text


@pytest.fixture
def pauses(monkeypatch):
    """Those between rounds from here on, none of which is waited for."""
    pauses = []

    class Hurried(threading.Condition):
        def wait_for(self, predicate, timeout=None):
            pauses.append(timeout)
            return super().wait_for(predicate, 0)

    monkeypatch.setattr(threading, "Condition", Hurried)
    return pauses


def test_however_long_a_store_was_away_it_is_asked_in_time(pauses, rounds_of):
    """The site is to be back three seconds after its database, and nobody wakes the sender of
    `unlatch worker`.
    """
    work = Work(*[StoreError("away")] * 10)
    rounds = rounds_of(work)
    rounds.start()
    assert work.done(12)
    rounds.stop()

    assert pauses[:12] == [AWAY] * 10 + [60.0] * 2
    assert AWAY + 1.3 < 3  # which a question to a database that hangs takes


def test_that_the_store_is_away_is_told_once(pauses, rounds_of, caplog):
    caplog.set_level(logging.INFO, "unlatch")
    work = Work(*[StoreError("away")] * 3, None, StoreError("away"))
    rounds = rounds_of(work)
    rounds.start()
    assert work.done(8)
    rounds.stop()

    told = [one.getMessage() for one in caplog.records]
    away, back = "no mail is sent: away", "the store is back"
    assert told == [away, back] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_forgets_the_thread_and_begins_its_own(rounds_of):
    """Also when the parent's lock was held at that very moment."""
    work = Work()
    rounds = rounds_of(work)
    rounds.wake()
    assert work.done()

    with rounds._changed, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: meant
        child = os.fork()
        if child == 0:
            fine = not rounds.running
            rounds.wake()
            fine = fine and work.done() and rounds.running
            os._exit(0 if fine else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert rounds.running
