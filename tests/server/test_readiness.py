"""/readyz: what takes a worker out, and what is only told."""

import threading
import uuid

import pytest

from unlatch.core.kinds import Purpose
from unlatch.core.records import Mail
from unlatch.core.times import MINUTE, SECOND
from unlatch.flask.state import now
from unlatch.server import readiness
from unlatch.server.app import create_app
from unlatch.stores.sql.schema import State


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = create_app({"UNLATCH_DEVELOPMENT": "1"})
    app.extensions["unlatch"].sender.worker = "nobody"
    return app


@pytest.fixture
def state(app):
    return app.extensions["unlatch"]


@pytest.fixture
def ready(app, monkeypatch):
    """`ready()`: status and what is told."""

    def ask():
        answer = app.test_client().get("/readyz")
        return answer.status_code, answer.json

    monkeypatch.setattr(readiness, "PATIENCE", 60)
    assert ask() == (200, {"ready": True, "database": "fits", "degraded": []})
    return ask


@pytest.fixture
def hanging(state, monkeypatch):
    """A database that does not answer until it is released; counts who asks it."""
    check, released, asked = state.stores.database.check, threading.Event(), []

    def hang():
        asked.append(threading.current_thread())
        released.wait()
        return check()

    monkeypatch.setattr(state.stores.database, "check", hang)
    yield released, asked
    released.set()
    for thread in asked:
        thread.join()


def test_a_database_that_hangs_is_asked_once_and_keeps_nobody_waiting(ready, hanging, monkeypatch):
    """However often somebody asks: a thread and a connection for each would be the end of both."""
    monkeypatch.setattr(readiness, "PATIENCE", 0.1)
    released, asked = hanging

    answers = [ready() for _ in range(5)]

    away = {"ready": False, "database": "away", "degraded": []}
    assert answers == [(503, away)] * 5
    assert len(asked) == 1
    released.set()
    asked[0].join()
    monkeypatch.setattr(readiness, "PATIENCE", 60)
    assert ready()[0] == 200


def test_who_asks_meanwhile_gets_the_same_answer(ready, app, hanging):
    released, _ = hanging
    answers = []
    asking = [threading.Thread(target=lambda: answers.append(ready())) for _ in range(4)]

    for thread in asking:
        thread.start()
    released.set()
    for thread in asking:
        thread.join()

    assert {status for status, _ in answers} == {200}


def test_what_cannot_be_measured_in_time_takes_no_worker_out(ready, state, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(readiness.Watch, "_skew", lambda _: released.wait() and 0)
    monkeypatch.setattr(readiness, "PATIENCE", 1)

    try:
        assert ready() == (200, {"ready": True, "database": "fits", "degraded": ["database_slow"]})
    finally:
        released.set()


def test_whether_it_is_ready_is_the_schemas_own_word(ready, monkeypatch):
    monkeypatch.setattr(State, "serves", False)

    assert ready() == (503, {"ready": False, "database": "fits", "degraded": []})


class Room:
    """For so many more threads, and then for none: a container's `pids` limit, say."""

    def __init__(self, threads: int) -> None:
        self.left = threads
        self._start = threading.Thread.start

    def start(self, thread: threading.Thread) -> None:
        if not self.left:
            raise RuntimeError("can't start new thread")
        self.left -= 1
        self._start(thread)


def no_room(monkeypatch, threads=0):
    room = Room(threads)
    monkeypatch.setattr(threading.Thread, "start", lambda thread: room.start(thread))


def test_one_without_room_for_a_thread_is_not_ready(ready, monkeypatch, caplog):
    with monkeypatch.context() as patched:
        no_room(patched)
        assert ready() == (503, {"ready": False, "database": "away", "degraded": []})

    assert "RuntimeError" in caplog.text
    assert ready()[0] == 200


def test_what_there_is_no_thread_to_measure_takes_no_worker_out(ready, monkeypatch):
    no_room(monkeypatch, threads=1)

    assert ready() == (200, {"ready": True, "database": "fits", "degraded": ["database_slow"]})


def test_a_database_that_fails_in_a_way_of_its_own_is_away(ready, state, monkeypatch, caplog):
    def fail():
        raise RuntimeError("can't start new thread")  # of what connects, say

    monkeypatch.setattr(state.stores.database, "check", fail)

    assert ready() == (503, {"ready": False, "database": "away", "degraded": []})
    assert "RuntimeError" in caplog.text


def asked(state, *, ago):
    with state.stores.unit() as unit:
        unit.mails.ask(
            Mail(
                id=str(uuid.uuid4()),
                account_id=None,
                purpose=Purpose.SIGN_IN,
                binding_hash=bytes(32),
                session_id=None,
                origin="http://localhost",
                next="/",
                user_agent="",
                asked_at=now() - ago,
                expires_at=now() - ago + 10 * MINUTE,
                due_at=now() - ago,
            )
        )


@pytest.mark.parametrize(("ago", "degraded"), [(MINUTE, []), (3 * MINUTE, ["outbox"])])
def test_mail_that_does_not_leave_is_told(ready, state, ago, degraded):
    asked(state, ago=ago)

    assert ready() == (200, {"ready": True, "database": "fits", "degraded": degraded})


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_clock_that_is_not_the_databases_is_told(ready, state, monkeypatch, seconds):
    monkeypatch.setattr(state.stores.database, "clock", lambda: now() + seconds * SECOND)

    assert ready() == (200, {"ready": True, "database": "fits", "degraded": ["clock"]})


def test_counters_that_are_not_shared_are_told(ready, state, monkeypatch):
    monkeypatch.setattr(type(state.throttle), "degraded", True)

    assert ready() == (200, {"ready": True, "database": "fits", "degraded": ["redis"]})
