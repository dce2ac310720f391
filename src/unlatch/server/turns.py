"""Requests take turns, and bring their bodies with them."""

import threading
from collections.abc import Container, Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from flask import request

from unlatch.errors import Unavailable
from unlatch.flask.access import BODY_MAX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BODY_PATIENCE = 2.0
"""Seconds that a body waits for one of the threads that read."""

TURN_PATIENCE = 0.5
"""Seconds that a request waits for its turn where the database is a server: one that hangs holds
each turn for more than a second, and an answer is promised within two. As long as it answers, all
who find a thread have their turns sooner.
"""

_NO_TURN = "unlatch.no_turn"


def turn_away() -> None:
    """For `before_request`.

    Raises:
        Unavailable: This request's turn never came.
    """
    if _NO_TURN in request.environ:
        raise Unavailable("no turn")


class Turns:
    """Reads a request's whole body, and only then lets it into the app.

    On SQLite one request at a time is cheapest, elsewhere a few, but as few threads would wait for
    the bodies of visitors who send half of one and no more, and with them everybody else. So many
    threads read, and few at a time work. Some of the threads read no bodies, so that half-sent ones
    cannot keep out those who only look; against many of them a proxy has to collect bodies.

    Whom it has no turn for, the app has to turn away by `turn_away`, in its own words.

    Args:
        at_once: How many requests the app works on.
        reading: How many bodies are waited for; more are turned away.
        patience: Seconds that a request waits for its turn; None for as long as it takes.
        at_any_time: Paths that need no turn: whether a process lives is asked when it is busy, too.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        at_once: int,
        reading: int,
        patience: float | None = None,
        at_any_time: Container[str] = (),
    ) -> None:
        self._app = app
        self._turn = threading.Semaphore(at_once)
        self._reading = threading.Semaphore(reading)
        self._patience = patience
        self._at_any_time = at_any_time

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):  # a body there means nothing
            environ["CONTENT_LENGTH"] = "0"
            return self._work(environ, start_response, b"")
        if _is_too_large(environ):  # the app will see that, and who only announces it sends nothing
            return self._work(environ, start_response, b"")
        if not self._reading.acquire(timeout=BODY_PATIENCE):
            return self._turn_away(environ, start_response)
        try:
            # One byte more than is taken, so that the app sees by itself that it is too many.
            body = environ["wsgi.input"].read(BODY_MAX + 1)
        finally:
            self._reading.release()
        if body and not environ.get("CONTENT_LENGTH"):  # it came in chunks
            environ["CONTENT_LENGTH"] = str(len(body))
        return self._work(environ, start_response, body)

    def _work(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", body: bytes
    ) -> list[bytes]:
        if environ["PATH_INFO"] in self._at_any_time:
            return self._answer(environ, start_response, body)
        if not self._turn.acquire(timeout=self._patience):
            return self._turn_away(environ, start_response)
        try:
            return self._answer(environ, start_response, body)
        finally:
            self._turn.release()

    def _turn_away(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> list[bytes]:
        environ[_NO_TURN] = True
        return self._answer(environ, start_response, b"")

    def _answer(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", body: bytes
    ) -> list[bytes]:
        environ["wsgi.input"] = BytesIO(body)
        answer = self._app(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            if hasattr(answer, "close"):
                answer.close()


def _is_too_large(environ: "WSGIEnvironment") -> bool:
    told = environ.get("CONTENT_LENGTH") or ""
    # Python refuses to read a number of thousands of digits.
    return told.isdecimal() and (len(told) > 9 or int(told) > BODY_MAX)
