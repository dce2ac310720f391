"""The ledger finds out where a defence is missing: without this, finding nothing would say
nothing.
"""

import pytest
from faults.post import check_mails, heal, interrupt
from faults.siege import COUNTS, ONCE

SHOWN_BY = {
    "spend_nothing": "was taken 2 times",
    "lose_some": "acknowledged",
    "commit_each_statement": "half an account",
}


@pytest.mark.parametrize("broken", SHOWN_BY if COUNTS else ["lose_some"])
def test_a_defence_is_missing(besiege, broken):
    siege = besiege(FAULTS_HASTY="1", FAULTS_BROKEN=broken)

    with siege.load():
        siege.wait_for(40)
        siege.levers.kill_at("unlatch.make_account: midway")
        siege.wait_until(lambda: not siege.levers.is_armed, "somebody to register")
        siege.wait_for(1)

    with pytest.raises(AssertionError, match=SHOWN_BY[broken]):
        siege.check(cut=True)


def test_that_a_mail_is_on_its_way_is_not_written_down(besiege):
    siege = besiege(FAULTS_HASTY="1", FAULTS_BROKEN="hand_over_unsaid")
    siege.patience = ONCE

    interrupt(siege, "DATA")
    heal(siege, interrupt(siege, "RCPT"))

    with pytest.raises(AssertionError, match="came 2 times"):
        check_mails(siege)
