"""PostgreSQL is killed and comes back, its standby takes over, its wire is cut at a COMMIT, it
hangs; four workers serve meanwhile.

Each request is answered, by what it asked for or by 503; and no commit that was acknowledged is
lost with a primary, because a synchronous standby has it.
"""

import sys
from contextlib import contextmanager

import pytest
from cable import COMMIT, cable
from faults.hanging import stopped
from faults.ledger import Outcome
from faults.siege import often
from faults.standby import SAFE, pair
from postgres import Postgres

from unlatch.server.worker import AT_ONCE


@pytest.fixture
def own_postgres():
    """One that may be killed."""
    server = Postgres(*SAFE)
    yield server
    server.stop()


@pytest.fixture
def servers():
    with pair() as servers:
        yield servers


@pytest.fixture
def wire(postgres):
    with cable(postgres.port) as wire:
        yield wire


def wait_for_503(siege, times):
    def told():
        return sum(one.outcome is Outcome.UNAVAILABLE for one in list(siege.ledger.entries))

    enough = told() + times
    siege.wait_until(lambda: told() >= enough, "503")


def test_killed_and_restarted(besiege_many, own_postgres):
    siege = besiege_many(own_postgres.url(own_postgres.fresh()))

    with siege.load():
        for _ in range(often(20)):
            siege.wait_for(20)
            own_postgres.process.kill()
            wait_for_503(siege, 5)
            own_postgres.process.start()
            siege.wait_until_back()

    siege.check(cut=False)


def test_a_standby_takes_over(besiege_many, servers):
    """And what was the primary comes back as its standby, and takes over in turn."""
    siege = besiege_many(servers.url)

    with siege.load():
        for again in range(often(5)):
            if again:
                servers.mend()
            siege.wait_for(20)
            servers.kill()
            wait_for_503(siege, 5)
            servers.fail_over()
            siege.wait_until_back()

    siege.check(cut=False)


def test_a_commit_or_its_answer_is_lost(besiege_many, postgres, wire):
    """Nobody is told that it was done, nor that it was not: 503, and who asks again finds out."""
    siege = besiege_many(postgres.url(postgres.fresh(), port=wire.port))

    with siege.load():
        for cut in ("cut_before", "cut_after") * often(20):
            siege.wait_for(5)
            setattr(wire, cut, COMMIT)
            wait_for_503(siege, 3)
            setattr(wire, cut, None)
        siege.wait_until_back()

    siege.check(cut=False)


@contextmanager
def pressed(wire):
    """It hears nothing any more, and nobody hears it."""
    wire.press()
    try:
        yield
    finally:
        wire.release()


@pytest.mark.skipif(sys.platform != "linux", reason="finds PostgreSQL's processes in /proc")
def test_it_hangs(besiege, postgres, wire):
    """With three times as many visitors as the only worker has turns: those who wait for theirs
    are answered in time, too.
    """
    siege = besiege(UNLATCH_DATABASE_URL=postgres.url(postgres.fresh(), port=wire.port))
    siege.walkers = 3 * AT_ONCE

    with siege.load():
        for number in range(often(20)):
            siege.wait_for(20)
            with pressed(wire) if number % 2 else stopped(postgres):
                wait_for_503(siege, siege.walkers)
            siege.wait_until_back()

    siege.check(cut=False)
