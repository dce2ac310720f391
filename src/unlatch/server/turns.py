"""Requests take turns, and bring their bodies with them."""

import threading
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BODY_MAX = 64 * 1024
"""Bytes. No address of ours takes more."""


class Turns:
    """Reads a request's whole body, and only then lets it into the app.

    On SQLite one request at a time is cheapest, but a single thread would wait for the body of
    a visitor who sends half of one and no more, and with it everybody else. So many threads
    read, and one at a time works.
    """

    def __init__(self, app: "WSGIApplication", *, at_once: int) -> None:
        self._app = app
        self._turn = threading.Semaphore(at_once)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        # One byte more than is taken, so that the app sees by itself that it is too many.
        body = environ["wsgi.input"].read(BODY_MAX + 1)
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
