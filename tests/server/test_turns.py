"""Few requests at a time in the app, many bodies at a time before it."""

import threading
from itertools import count
from types import SimpleNamespace

import pytest
from flask import Flask, request
from processes import wait_until
from werkzeug.test import Client, create_environ, run_wsgi_app

from unlatch.errors import Unavailable
from unlatch.flask.access import BODY_MAX
from unlatch.server import health
from unlatch.server.app import create_app
from unlatch.server.line import Line
from unlatch.server.serving import _THREADS
from unlatch.server.turns import Turns, turn_away
from unlatch.server.worker import MAILED, READING, in_turns


class SlowBody:
    """A body whose end comes when the test says so."""

    def __init__(self):
        self.asked, self.ended = threading.Event(), threading.Event()

    def read(self, size):
        self.asked.set()
        self.ended.wait(10)
        return b"late"


def echo():
    app = Flask("echo")
    app.add_url_rule("/", view_func=lambda: request.get_data(), methods=["POST"])
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.before_request(turn_away)
    app.register_error_handler(Unavailable, lambda _: ("turned away", 503))
    return app


def test_a_body_arrives_whole():
    answer = Client(Turns(echo(), at_once=1, reading=2)).post("/", data=b"x" * BODY_MAX)

    assert answer.data == b"x" * BODY_MAX


def test_a_body_that_is_too_large_is_refused_even_without_its_length_told():
    environ = create_environ(method="POST", data=b"x" * (BODY_MAX + 1))
    environ |= {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"

    _, status, _ = run_wsgi_app(Turns(echo(), at_once=1, reading=2), environ)

    assert status.startswith("413")


def test_of_a_body_that_is_said_to_be_too_large_nothing_is_waited_for():
    """Who announces more and sends a little less than that would be read from for ever."""
    slow = SlowBody()
    environ = create_environ(method="POST")
    environ |= {"CONTENT_LENGTH": str(BODY_MAX + 1), "wsgi.input": slow}

    _, status, _ = run_wsgi_app(Turns(echo(), at_once=1, reading=2), environ)

    assert status.startswith("413")
    assert not slow.asked.is_set()


def test_a_slow_body_keeps_nobody_waiting():
    client, slow = Client(Turns(echo(), at_once=1, reading=2)), SlowBody()
    late = []
    first = threading.Thread(
        target=lambda: late.append(
            client.post(
                "/", environ_overrides={"wsgi.input": slow, "wsgi.input_terminated": True}
            ).data
        )
    )
    first.start()
    assert slow.asked.wait(10)

    assert client.post("/", data=b"quick").data == b"quick"

    slow.ended.set()
    first.join(10)
    assert late == [b"late"]


def test_one_at_a_time_is_in_the_app():
    inside, most = 0, 0
    lock = threading.Lock()

    def app(environ, start_response):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.01)
        with lock:
            inside -= 1
        start_response("200 OK", [])
        return [b""]

    client = Client(Turns(app, at_once=1, reading=2))
    visitors = [threading.Thread(target=lambda: client.get("/")) for _ in range(5)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(10)

    assert most == 1


def test_the_answer_is_closed_within_the_turn():
    closed = []

    class Answer(list[bytes]):
        def close(self):
            closed.append(True)

    def app(environ, start_response):
        start_response("200 OK", [])
        return Answer([b"a", b"b"])

    assert Client(Turns(app, at_once=1, reading=2)).get("/").data == b"ab"
    assert closed == [True]


def test_half_sent_bodies_keep_nobody_from_looking(monkeypatch):
    monkeypatch.setattr("unlatch.server.turns.BODY_PATIENCE", 0.01)
    app = echo()
    app.add_url_rule("/look", "look", view_func=lambda: "here")
    client, slow = Client(Turns(app, at_once=1, reading=1)), SlowBody()
    stuck = threading.Thread(
        target=lambda: client.post(
            "/", environ_overrides={"wsgi.input": slow, "wsgi.input_terminated": True}
        )
    )
    stuck.start()
    assert slow.asked.wait(10)

    assert client.get("/look").data == b"here"
    busy = client.post("/", data=b"quick")
    assert (busy.status_code, busy.data) == (503, b"turned away")

    slow.ended.set()
    stuck.join()
    assert client.post("/", data=b"quick").data == b"quick"


def test_where_as_many_wait_to_be_read_as_are_read_nobody_else_waits():
    """Each of them holds a thread."""
    turns, slow = Turns(echo(), at_once=1, reading=1), SlowBody()
    body = {"wsgi.input": slow, "wsgi.input_terminated": True}
    stuck = [
        threading.Thread(target=lambda: Client(turns).post("/", environ_overrides=body))
        for _ in range(2)
    ]
    stuck[0].start()
    assert slow.asked.wait(10)
    stuck[1].start()
    wait_until(lambda: turns._reading.waiting == 1, "the second to wait")

    busy = Client(turns).post("/", data=b"quick")

    assert (busy.status_code, turns._reading.waiting) == (503, 1)  # without having waited
    slow.ended.set()
    for one in stuck:
        one.join(10)


def test_some_threads_read_nothing_and_wait_for_nobody_who_does():
    assert 2 * READING < _THREADS


def test_whose_turn_does_not_come_is_turned_away():
    entered, leave = threading.Event(), threading.Event()
    app = echo()

    @app.get("/stuck")
    def stuck():
        entered.set()
        leave.wait(10)
        return "done"

    app.add_url_rule("/alive", "alive", view_func=lambda: "alive")
    client = Client(Turns(app, at_once=1, reading=2, patience=0.01, at_any_time=("/alive",)))
    holds_it = threading.Thread(target=lambda: client.get("/stuck"))
    holds_it.start()
    assert entered.wait(10)

    turned_away = client.post("/", data=b"quick")
    alive = client.get("/alive")
    leave.set()
    holds_it.join()

    assert (turned_away.status_code, turned_away.data) == (503, b"turned away")
    assert alive.data == b"alive"
    assert client.post("/", data=b"quick").data == b"quick"


def test_the_ready_server_turns_away_in_its_own_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = create_app({"UNLATCH_DEVELOPMENT": "1"})
    app.before_request(turn_away)
    client = Client(Turns(app, at_once=0, reading=1, patience=0.0, at_any_time=health.PATHS))
    json = {"Accept": "application/json", "Origin": "http://localhost"}

    pages = [client.get(path) for path in ("/", "/auth/sign-in", "/nothing")]
    told = client.post("/auth/sign-in/passkey/options", json={}, headers=json)

    for page in pages:
        assert (page.status_code, page.headers["Cache-Control"]) == (503, "no-store")
        assert "Back in a moment" in page.text
    assert (told.status_code, (told.json or {})["error"]) == (503, "unavailable")
    assert client.get("/healthz").status_code == 200
    assert not (tmp_path / "instance").exists()  # none of it has gone as far as the database


class Crowd:
    """Visitors of an app in which one is held until he is let go, and the paths of who came."""

    def __init__(self):
        self.came: list[str] = []
        held, self._go_on = threading.Event(), threading.Event()

        def come(path):
            self.came.append(path)
            if path == "hold":
                held.set()
                self._go_on.wait(10)
            return path

        app = echo()
        app.add_url_rule("/<path>", view_func=come, methods=["GET", "POST"])
        self.turns = Turns(app, at_once=1, reading=9, aside=["/mail"])
        self._visitors: list[threading.Thread] = []
        self.visit("/hold")
        assert held.wait(10)

    def visit(self, path, method="POST"):
        """In a thread of its own."""
        visitor = threading.Thread(target=lambda: Client(self.turns).open(path, method=method))
        visitor.start()
        self._visitors.append(visitor)

    def wait_for(self, *, in_line, aside):
        """Until so many wait for a turn, and so many have stepped aside."""
        turns = self.turns
        wait_until(
            lambda: (turns._turn.waiting, turns._forward.waiting) == (in_line, aside),
            f"{in_line} to be in line, and {aside} aside",
        )

    def end(self):
        self._go_on.set()
        for visitor in self._visitors:
            visitor.join(10)


@pytest.fixture
def crowd():
    crowd = Crowd()
    yield crowd
    crowd.end()


@pytest.mark.parametrize("method", ["POST", "post"])  # which Flask takes for one
def test_of_a_crowd_that_stands_aside_one_is_in_line(crowd, method):
    for _ in range(5):
        crowd.visit("/mail", method)
    crowd.wait_for(in_line=1, aside=4)
    crowd.visit("/sign-in")
    crowd.wait_for(in_line=2, aside=4)

    crowd.end()

    assert crowd.came == ["hold", "mail", "sign-in", "mail", "mail", "mail", "mail"]


def test_who_only_looks_does_not_stand_aside(crowd):
    crowd.visit("/mail", method="GET")
    crowd.visit("/mail", method="GET")

    crowd.wait_for(in_line=2, aside=0)


def entered_lines(monkeypatch):
    """Which lines are entered from now on, with what patience."""
    entered: list[tuple[Line, float | None]] = []
    enter = Line.enter

    def noting(line, patience):
        entered.append((line, patience))
        return enter(line, patience)

    monkeypatch.setattr(Line, "enter", noting)
    return entered


def test_who_stands_aside_has_no_more_patience_than_others(monkeypatch):
    """Two seconds are promised, also to who waits in two lines."""
    moments = count(step=0.2)  # later by so much whenever somebody looks
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    monkeypatch.setattr("unlatch.server.turns.time", clock)
    entered = entered_lines(monkeypatch)
    turns = Turns(echo(), at_once=8, reading=1, patience=0.5, aside=["/"])

    assert Client(turns).post("/", data=b"quick").data == b"quick"

    assert [patience for _, patience in entered][1:] == pytest.approx([0.3, 0.1])


@pytest.mark.parametrize("path", MAILED)
def test_who_asks_for_a_mail_stands_aside(path, tmp_path, monkeypatch):
    """On the ready server, below whatever prefix; and there is such an address."""
    monkeypatch.chdir(tmp_path)
    turns = in_turns(create_app({"UNLATCH_DEVELOPMENT": "1", "UNLATCH_URL_PREFIX": "/in"}))
    entered = entered_lines(monkeypatch)

    answer = Client(turns).post(f"/in{path}", data={}, headers={"Origin": "http://localhost"})

    assert answer.status_code == 422
    assert [line for line, _ in entered] == [turns._reading, turns._forward, turns._turn]
