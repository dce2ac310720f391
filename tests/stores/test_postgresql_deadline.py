"""One question to PostgreSQL has one deadline, and connections come late but not in vain."""

import threading
from itertools import count
from types import SimpleNamespace

import pytest
from psycopg import OperationalError

from unlatch.stores.sql import postgresql_deadline
from unlatch.stores.sql.postgresql_connection import TooLate
from unlatch.stores.sql.postgresql_deadline import Connecting, Deadline

NOW, MUCH_LATER = 0.0, 1e9


class Wire:
    """What a connection is made of here, of which only the end matters."""

    closed = False

    def close(self):
        self.closed = True


class Server:
    """Lets nobody in before `answer`."""

    def __init__(self):
        self._answers = threading.Event()
        self.made = []

    def connect(self):
        self._answers.wait()
        self.made.append(Wire())
        return self.made[-1]

    def answer(self):
        """All who wait."""
        self._answers.set()
        for thread in threading.enumerate():
            if thread.name == "unlatch-aside":
                thread.join()


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def connecting(server):
    return Connecting(server.connect)


def ask_in_vain(connecting):
    with pytest.raises(TooLate):
        connecting.connection(NOW)


def test_all_of_one_question_has_one_deadline(monkeypatch):
    later = count(1)
    clock = SimpleNamespace(monotonic=lambda: float(next(later)))
    monkeypatch.setattr(postgresql_deadline, "time", clock)
    deadline = Deadline()

    with deadline.begins():
        given = deadline.of_statements
        assert deadline.of_statements == given
        assert deadline.of_commit > given

    assert deadline.of_statements > given


def test_a_connection_that_comes_late_is_there_for_the_next(server, connecting):
    ask_in_vain(connecting)
    server.answer()

    taken = [connecting.connection(MUCH_LATER) for _ in range(2)]

    assert taken == server.made


def test_of_many_that_come_late_one_is_kept(server, connecting):
    for _ in range(3):
        ask_in_vain(connecting)
    server.answer()

    kept = connecting.connection(MUCH_LATER)

    assert [one for one in server.made if not one.closed] == [kept]


def test_that_there_will_be_none_is_told():
    def refused():
        raise OperationalError("refused")

    with pytest.raises(OperationalError, match="refused"):
        Connecting(refused).connection(MUCH_LATER)


def test_where_no_thread_can_begin_there_is_no_connection(connecting, monkeypatch):
    """A visitor is to be told so as of any other trouble with the database."""

    def full(_self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", full)

    ask_in_vain(connecting)


@pytest.mark.parametrize("closed_first", [False, True])
def test_whom_nobody_came_for_is_sent_home(server, connecting, closed_first):
    ask_in_vain(connecting)
    steps = [server.answer, connecting.close]

    for step in reversed(steps) if closed_first else steps:
        step()

    assert server.made[0].closed
