"""A worker is killed, by SIGKILL: at each step of each flow, at any moment, and with a mail in its
hands. That workers which go on dying end the server is in tests/server/test_many.py.
"""

import os
import random
import signal
import sys
import time

import pytest
from faults.post import came, check_mails, heal, interrupt
from faults.siege import COUNTS, ONCE, SEED, often

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds workers in /proc")

FLOWS = (
    "sign_in_with_passkey",
    "make_account",
    "add_passkey",
    "ask_email",
    "spend_code",
    "delete_passkey",
)
MOMENTS = ("before BEGIN", "midway", "before COMMIT", "after COMMIT")
STEPS = [f"{flow}: {moment}" for flow in FLOWS for moment in MOMENTS]
STEPS.remove("ask_email: midway")  # it writes a row and nothing else
LUCKLESS = 5
"""Rounds more, where none before left a mail that anybody still wants."""

APART = 6.0
"""Seconds between two deaths of one worker: sooner, and the whole server begins anew."""


@pytest.mark.parametrize("kind", ["besiege_many", "besiege"] if COUNTS else ["besiege_many"])
def test_at_each_step_of_each_flow(request, kind):
    """One of four workers over PostgreSQL, and the only one over SQLite."""
    siege = request.getfixturevalue(kind)(FAULTS_HASTY="1")
    siege.patience = ONCE  # who comes to the door of a dead worker waits for the next one

    with siege.load():
        siege.wait_for(10)
        for step in STEPS if COUNTS else STEPS[: len(MOMENTS)]:
            siege.levers.kill_at(f"unlatch.{step}")
            siege.wait_until(lambda: not siege.levers.is_armed, f"somebody to come to {step}")
            siege.wait_for(3)

    siege.check(cut=True)


def test_at_any_moment(besiege):
    siege = besiege()
    chance = random.Random(SEED)

    with siege.load():
        for _ in range(often(200)):
            siege.wait_for(3)
            time.sleep(chance.random() / 10)
            os.kill(chance.choice(siege.pids), signal.SIGKILL)
            time.sleep(APART)

    siege.check(cut=True)
    assert "Unlatch starts again" not in siege.log


def test_with_a_mail_in_its_hands(besiege):
    """Where the mail server has all of it, and its answer goes to nobody, it does not come a second
    time when every lease is over; where it had only the recipient, it does come then.
    """
    siege = besiege(FAULTS_HASTY="1")
    siege.patience = ONCE
    healed: list[bool] = []  # false where its owner's next deed killed it

    while len(healed) < often(20) or not any(healed):
        given = interrupt(siege, "DATA")
        begun = interrupt(siege, "RCPT")
        healed.append(heal(siege, begun))
        assert came(siege.postman)[given] == 1
        assert len(healed) < often(20) + LUCKLESS, "no interrupted mail came again"

    siege.check(cut=True)
    check_mails(siege)
