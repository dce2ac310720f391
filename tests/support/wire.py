"""A running site, and clients that come to it over a socket, each from an address of its own."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class WireClient(FlaskClient):
    """Flask's test client, but what it asks goes over HTTP to a server that is running.

    Attributes:
        port: Of the server, on 127.0.0.1.
        address: Where it comes from, any of 127.0.0.0/8: `127.0.0.1` and `127.1.2.3` are two.
    """

    port: int
    address: str = "127.0.0.1"

    def run_wsgi_app(
        self, environ: "WSGIEnvironment", buffered: bool = False
    ) -> tuple[Iterable[bytes], str, Headers]:
        self._add_cookies_to_wsgi(environ)
        connection = HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(self.address, 0)
        )
        try:
            connection.putrequest(
                environ["REQUEST_METHOD"],
                environ["REQUEST_URI"],
                skip_host=True,
                skip_accept_encoding=True,
            )
            for name, value in _headers(environ):
                connection.putheader(name, value)
            connection.endheaders(environ["wsgi.input"].read())
            answer = connection.getresponse()
            body, headers = answer.read(), Headers(answer.getheaders())
        finally:
            connection.close()
        self._update_cookies_from_response(
            environ["HTTP_HOST"].partition(":")[0],
            environ["PATH_INFO"],
            headers.getlist("Set-Cookie"),
        )
        return [body], f"{answer.status} {answer.reason}", headers


def _headers(environ: "WSGIEnvironment") -> Iterator[tuple[str, str]]:
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key[5:].replace("_", "-").title(), value
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key) not in (None, "", "0"):
            yield key.replace("_", "-").title(), environ[key]


@contextmanager
def running(app: Flask, at: str = "127.0.0.1") -> Iterator[int]:
    """Serve `app` on a free port of 127.0.0.1, many requests at once; gives the port. The app's
    `test_client()` comes to it by the wire from then on.
    """
    server = make_server(at, 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    app.test_client_class = type("WireClient", (WireClient,), {"port": server.port})
    try:
        yield server.port
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
