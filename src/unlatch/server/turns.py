"""Requests take turns, and bring their bodies with them."""

import time
from collections.abc import Container, Iterable
from contextlib import ExitStack
from io import BytesIO
from typing import TYPE_CHECKING

from unlatch.errors import Unavailable
from unlatch.flask.access import BODY_MAX
from unlatch.flask.current import current_request
from unlatch.server.line import Line

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
    if _NO_TURN in current_request().environ:
        raise Unavailable("no turn")


class Turns:
    """Reads a request's whole body, and only then lets it into the app.

    On SQLite one request at a time is cheapest, elsewhere a few, but as few threads would wait for
    the bodies of visitors who send half of one and no more, and with them everybody else. So many
    threads read, and few at a time work. Some of the threads read no bodies, so that half-sent ones
    cannot keep out those who only look; against many of them a proxy has to collect bodies.

    Whom it has no turn for, the app has to turn away by `turn_away`, in its own words.

    Some stand aside: only a quarter as many of them as the app works on, and at least one, stand in
    line with all others, however many there are. So a crowd that asks for mails, which it can from
    anywhere and for anybody, keeps who signs in waiting no longer than one of it does.

    Args:
        at_once: How many requests the app works on.
        reading: How many bodies are waited for, and how many may wait for that; more are turned
            away.
        patience: Seconds that a request waits for its turn; None for as long as it takes.
        at_any_time: Paths that need no turn: whether a process lives is asked when it is busy, too.
        aside: Paths of which those who post there stand aside.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        at_once: int,
        reading: int,
        patience: float | None = None,
        at_any_time: Container[str] = (),
        aside: Container[str] = (),
    ) -> None:
        self._app = app
        self._turn = Line(at_once)
        self._forward = Line(max(1, at_once // 4))
        self._aside = aside
        self._reading = Line(reading)
        self._most_reading = reading
        self._patience = patience
        self._at_any_time = at_any_time

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if _method(environ) in ("GET", "HEAD"):  # a body there means nothing
            environ["CONTENT_LENGTH"] = "0"
            return self._work(environ, start_response, b"")
        if _is_too_large(environ):  # the app will see that, and who only announces it sends nothing
            return self._work(environ, start_response, b"")
        # Who waits for a thread that reads holds one, too; more than as many again would take all.
        is_full = self._reading.waiting >= self._most_reading
        if is_full or not self._reading.enter(BODY_PATIENCE):
            return self._turn_away(environ, start_response)
        try:
            # One byte more than is taken, so that the app sees by itself that it is too many.
            body = environ["wsgi.input"].read(BODY_MAX + 1)
        finally:
            self._reading.leave()
        if body and not environ.get("CONTENT_LENGTH"):  # it came in chunks
            environ["CONTENT_LENGTH"] = str(len(body))
            # Werkzeug believes no length beside it, and would cut off what is too much in silence.
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        return self._work(environ, start_response, body)

    def _work(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", body: bytes
    ) -> list[bytes]:
        path, began = environ["PATH_INFO"], time.monotonic()
        if path in self._at_any_time:
            return self._answer(environ, start_response, body)
        stands_aside = path in self._aside and _method(environ) == "POST"
        with ExitStack() as entered:
            for line in [self._forward, self._turn] if stands_aside else [self._turn]:
                if not line.enter(self._patience_left(began)):
                    return self._turn_away(environ, start_response)
                entered.callback(line.leave)
            return self._answer(environ, start_response, body)

    def _patience_left(self, began: float) -> float | None:
        if self._patience is None:
            return None
        return max(0.0, began + self._patience - time.monotonic())

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


def _method(environ: "WSGIEnvironment") -> str:
    """As Flask takes it, for which `post` is POST."""
    method: str = environ["REQUEST_METHOD"]
    return method.upper()


def _is_too_large(environ: "WSGIEnvironment") -> bool:
    told = environ.get("CONTENT_LENGTH") or ""
    # Python refuses to read a number of thousands of digits.
    return told.isdecimal() and (len(told) > 9 or int(told) > BODY_MAX)
