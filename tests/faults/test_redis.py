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
    siege = request.getfixturevalue(kind)(UNLATCH_REDIS_URL=redis.url)

    with siege.load():
        # Before that a worker may be at its first request, on a machine with other tests to run.
        siege.wait_for(10)
        begins = len(siege.ledger.entries)
        for trouble in [kill, empty, restart, hang] * often(20):
            trouble(redis, siege)
            siege.wait_for(10)
        siege.wait_until(lambda: siege.log.count(AWAY) == siege.log.count(BACK) > 0, "Redis")

    siege.check(cut=False)
    asked = siege.ledger.entries[begins:]
    unavailable = [one for one in asked if one.outcome is Outcome.UNAVAILABLE]
    assert not unavailable, f"{unavailable}\n{siege.log}"
