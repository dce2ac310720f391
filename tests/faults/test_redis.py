"""Redis is killed, emptied, comes back, hangs: limits are looser for a while, and that is all.
Nobody waits, and nobody is told 503.
"""

import pytest
from faults.ledger import Outcome
from faults.siege import COUNTS, often

AWAY, BACK = "each process counts limits by itself", "Redis answers again"


def kill(redis, siege):
    redis.kill()
    siege.wait_for(20)
    redis.start()


def empty(redis, siege):
    redis.ask("FLUSHALL")
    siege.wait_for(5)


def restart(redis, siege):
    redis.kill()
    redis.start()
    siege.wait_for(5)


def hang(redis, siege):
    with redis.hangs():
        siege.wait_for(20)


@pytest.mark.parametrize("kind", ["besiege_many", "besiege"] if COUNTS else ["besiege_many"])
def test_in_trouble(request, redis, kind):
    """Four workers over PostgreSQL, and the only one over SQLite."""
    # As one test of many it does not measure PostgreSQL, which then shares the disk with others.
    patient = {} if COUNTS else {"FAULTS_PATIENT": "1"}
    siege = request.getfixturevalue(kind)(UNLATCH_REDIS_URL=redis.url, **patient)

    with siege.load():
        for trouble in [kill, empty, restart, hang] * often(20):
            siege.wait_for(10)
            trouble(redis, siege)
        siege.wait_until(lambda: siege.log.count(AWAY) == siege.log.count(BACK) > 0, "Redis")

    siege.check(cut=False)
    entries = siege.ledger.entries
    unavailable = [one for one in entries if one.outcome is Outcome.UNAVAILABLE]
    assert not unavailable, f"{unavailable}\n{siege.log}"
