"""Slow hashing: few at a time, a short queue, and the rest turned away with nothing spent."""

import threading
from contextlib import ExitStack

import pytest

from unlatch.core import slow_hash
from unlatch.core.slow_hash import RUNNING, WAITING, SlowHash
from unlatch.errors import TooBusy


@pytest.fixture(autouse=True)
def in_earnest():
    """The hash of nobody is made once a process: other tests, that hash quickly, made it so."""
    slow_hash._nobodys_hash.cache_clear()


def test_a_hash_fits_its_secret_alone():
    hasher = SlowHash()
    hashed = hasher.hash("WDJBKMHT")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.fits("WDJBKMHT", hashed)
    assert not hasher.fits("WDJBKMHX", hashed)


def test_where_there_is_nothing_to_compare_with_the_same_work_is_done(monkeypatch):
    verified = []
    hasher = SlowHash()
    real = slow_hash._HASHER.verify

    class Counting:
        def verify(self, hashed, secret):
            verified.append(hashed.split("$")[3])
            return real(hashed, secret)

    monkeypatch.setattr(slow_hash, "_HASHER", Counting())

    assert not hasher.fits("nobody's", None)
    assert not hasher.fits("x", None)
    assert verified == ["m=19456,t=2,p=1"] * 2


@pytest.mark.parametrize("hashed", ["", "x", "$argon2id$", "$argon2id$v=19$m=1,t=1,p=1$x$y"])
def test_a_hash_that_is_none_fits_nothing(hashed):
    assert not SlowHash().fits("x", hashed)


def test_more_than_run_and_wait_are_turned_away_at_once(monkeypatch):
    hasher = SlowHash()
    release, full = threading.Event(), threading.Barrier(RUNNING + 1)
    refused: list[TooBusy] = []

    def hold() -> None:
        with hasher.slot():
            full.wait(10)
            release.wait(10)

    def wait() -> None:
        try:
            with hasher.slot():
                pass
        except TooBusy as busy:
            refused.append(busy)

    holding = [threading.Thread(target=hold) for _ in range(RUNNING)]
    for thread in holding:
        thread.start()
    full.wait(10)
    waiting = [threading.Thread(target=wait) for _ in range(WAITING)]
    for thread in waiting:
        thread.start()
    while hasher._admitted._value:  # all of the queue's places are taken
        pass

    with pytest.raises(TooBusy) as busy, hasher.slot():
        pytest.fail("there was no place left")

    assert busy.value.facts == {"retry_after": 5}
    release.set()
    for thread in (*holding, *waiting):
        thread.join(10)
    assert refused == []
    with hasher.slot():
        pass


def test_who_waits_too_long_is_turned_away_and_leaves_the_queue(monkeypatch):
    monkeypatch.setattr(slow_hash, "PATIENCE", 0.01)
    hasher = SlowHash()

    with ExitStack() as running:
        for _ in range(RUNNING):
            running.enter_context(hasher.slot())
        for _ in range(WAITING + 5):
            with pytest.raises(TooBusy), hasher.slot():
                pytest.fail("nothing was free")

    for _ in range(RUNNING + WAITING):
        with hasher.slot():
            pass


def test_a_failure_inside_gives_the_slot_back():
    hasher = SlowHash()
    for _ in range(RUNNING + WAITING + 1):
        with pytest.raises(RuntimeError), hasher.slot():
            raise RuntimeError
