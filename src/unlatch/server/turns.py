"""Requests take turns, and bring their bodies with them."""

import threading
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE = 2.0
"""Seconds that a body waits for one of the threads that read."""

BODY_MAX = 64 * 1024
"""Bytes. No address of ours takes more."""


class Turns:
    """Reads a request's whole body, and only then lets it into the app.

    On SQLite one request at a time is cheapest, but a single thread would wait for the body of
    a visitor who sends half of one and no more, and with it everybody else. So many threads
    read, and one at a time works. Some of the threads read no bodies, so that half-sent ones
    cannot keep out those who only look; against many of them a proxy has to collect bodies.

    Args:
        at_once: How many requests the app works on.
        reading: How many bodies are waited for; more are told to come again.
    """

    def __init__(self, app: "WSGIApplication", *, at_once: int, reading: int) -> None:
        self._app = app
        self._turn = threading.Semaphore(at_once)
        self._reading = threading.Semaphore(reading)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):  # a body there means nothing
            return self._work(environ | {"CONTENT_LENGTH": "0"}, start_response, b"")
        if not self._reading.acquire(timeout=PATIENCE):
            start_response("503 Service Unavailable", [("Retry-After", "10")])
            return [b""]
        try:
            # One byte more than is taken, so that the app sees by itself that it is too many.
            body = environ["wsgi.input"].read(BODY_MAX + 1)
        finally:
            self._reading.release()
        return self._work(environ, start_response, body)

    def _work(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", body: bytes
    ) -> Iterable[bytes]:
        environ["wsgi.input"] = BytesIO(body)
        if body and not environ.get("CONTENT_LENGTH"):  # it came in chunks
            environ["CONTENT_LENGTH"] = str(len(body))
        with self._turn:
            answer = self._app(environ, start_response)
            try:
                return [b"".join(answer)]
            finally:
                if hasattr(answer, "close"):
                    answer.close()
