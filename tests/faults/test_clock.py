"""The clock of the process jumps, forward and back."""

from faults.siege import often

JUMP = 15
"""Minutes: longer than any ceremony or mail is good for."""


def test_a_clock_that_jumps(besiege):
    """What was begun before may be refused; nothing is lost, and nothing taken twice."""
    siege = besiege()

    with siege.load():
        for _ in range(often(10)):
            for minutes in (JUMP, 0, -JUMP, 0):
                siege.wait_for(20)
                siege.levers.move_clock(minutes)
        siege.wait_for(20)

    siege.check(cut=False)
