"""The network is cut between the commit and the answer: the site has done what nobody knows."""

import pytest
from cable import cable
from faults.ledger import Outcome
from faults.siege import often


@pytest.fixture
def siege(besiege):
    """People come to it by a wire."""
    siege = besiege()
    with cable(siege.port) as siege.wire:
        siege.front = siege.wire.port
        yield siege


def test_an_answer_is_lost(siege):
    """People ask again: what was done is not done a second time."""

    def lost():
        return sum(one.outcome is Outcome.CUT for one in list(siege.ledger.entries))

    with siege.load():
        for _ in range(often(50)):
            siege.wait_for(5)
            enough = lost() + 4
            siege.wire.cut_after = b"\r\n\r\n"
            siege.wait_until(lambda enough=enough: lost() >= enough, "answers to be lost")
            siege.wire.cut_after = None
        siege.wait_for(5)

    siege.check(cut=True)
