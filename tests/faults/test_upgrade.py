"""A rolling upgrade under load: the database is expanded, then one server after the other begins
anew with the newer code; and the same way back.
"""

import pytest
from faults.ledger import Outcome
from faults.release import colours, make_scripts
from faults.siege import COUNTS, ONCE, PAUSE, often
from faults.sign_ins import turned_away


@pytest.fixture
def siege(besiege_many):
    """Two servers, at ports of their own; people come to either."""
    siege = besiege_many(workers=2 if COUNTS else 1)
    siege.pause = PAUSE if COUNTS else 0.3  # it is the beginning of a server that takes the time
    siege.patience = ONCE  # who comes to one that is about to end waits for its answer
    siege.add_server()
    return siege


def test_old_new_and_old_again(siege, tmp_path):
    """Nobody is turned away who would not have been otherwise, and nobody is told 503."""
    newer = {"FAULTS_NEWER": str(make_scripts(tmp_path))}

    with siege.load():
        siege.wait_for(2, "sign_in")
        siege.servers[0].run("db", "upgrade", **newer)
        for release in (newer, {}) * often(5):
            for server in siege.servers if COUNTS else siege.servers[1:]:
                siege.wait_for(2, "sign_in")
                server.stop()
                server.start(**release)
            siege.wait_for(2, "sign_in")
            siege.wait_until(lambda: "green" in colours(siege.stores), "the newer one to be used")

    siege.check(cut=True)
    assert colours(siege.stores) == {"grey", "green"}
    assert not turned_away(siege.ledger)
    assert not [one for one in siege.ledger.entries if one.outcome is Outcome.UNAVAILABLE]
