"""Who comes first is let in first."""

import threading

from processes import wait_until

from unlatch.server.line import Line


def comer(line, name, came, patience=None):
    def come():
        if line.enter(patience):
            came.append(name)
            line.leave()

    thread = threading.Thread(target=come)
    thread.start()
    return thread


def test_those_who_wait_are_let_in_in_their_order_and_before_who_comes_then():
    line = Line(1)
    came: list[object] = []
    assert line.enter(0)
    waiting = []
    for name in range(5):
        waiting.append(comer(line, name, came))
        wait_until(lambda: line.waiting == len(waiting), "it to wait")

    line.leave()
    waiting.append(comer(line, "late", came))
    for one in waiting:
        one.join(10)

    assert came == [0, 1, 2, 3, 4, "late"]
    assert line.waiting == 0


def test_nobody_takes_the_place_that_somebody_waits_for():
    line = Line(1)
    came: list[object] = []
    assert line.enter(0)
    first = comer(line, "first", came)
    wait_until(lambda: line.waiting == 1, "it to wait")

    assert not line.enter(0)
    line.leave()
    first.join(10)

    assert came == ["first"]
    assert line.enter(0)


def test_as_many_as_there_is_room_for():
    line = Line(2)

    assert [line.enter(0) for _ in range(3)] == [True, True, False]
    line.leave()
    assert [line.enter(0) for _ in range(2)] == [True, False]


def test_whose_patience_ends_waits_no_more():
    line = Line(1)
    came: list[object] = []
    assert line.enter(0)

    comer(line, "hasty", came, patience=0.01).join(10)
    line.leave()

    assert came == []
    assert line.waiting == 0
    assert line.enter(0)
    assert not line.enter(0)


def test_who_is_let_in_at_the_very_moment_of_giving_up_is_in(monkeypatch):
    """Or the place would be nobody's for ever."""
    line = Line(1)
    assert line.enter(0)

    class TooLate:
        """A lock that is let go just after its time was over."""

        def acquire(self, timeout=None):
            if timeout is not None:
                line.leave()
            return timeout is None

        def release(self):
            pass

    monkeypatch.setattr("unlatch.server.line.threading.Lock", TooLate)

    assert line.enter(0.01)
    line.leave()
    assert line.enter(0)
