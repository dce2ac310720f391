"""A site in development is put before the world, by a proxy or by its address, and a stranger
reads its mails: whoever has one signs in with it.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from flask import Flask
from wire import running

MAILBOX = "/auth/dev/mailbox"
STRANGER = "198.51.100.7"

PROXIES = {
    "nginx as docs/server.md has it": {"X-Forwarded-For": STRANGER},
    "nginx as most have it": {
        "X-Real-IP": STRANGER,
        "X-Forwarded-For": STRANGER,
        "X-Forwarded-Proto": "https",
    },
    "caddy": {
        "X-Forwarded-For": STRANGER,
        "X-Forwarded-Host": "example.com",
        "X-Forwarded-Proto": "https",
        "Via": "1.1 Caddy",
    },
    "traefik": {
        "X-Forwarded-For": STRANGER,
        "X-Forwarded-Host": "example.com",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Server": "5f1d3e",
        "X-Real-Ip": STRANGER,
    },
    "apache": {
        "X-Forwarded-For": STRANGER,
        "X-Forwarded-Host": "example.com",
        "X-Forwarded-Server": "example.com",
    },
    "one that keeps to the standard": {"Forwarded": f"for={STRANGER};proto=https"},
    "a content network": {"CDN-Loop": "example", "CF-Connecting-IP": STRANGER},
    "envoy": {"X-Envoy-External-Address": STRANGER, "X-Request-Id": "7"},
}


@pytest.fixture
def app(start_app: Callable[..., Flask]) -> Flask:
    """In development: no mail server, no https, and mails for whoever may read them."""
    nothing = dict.fromkeys(("UNLATCH_ORIGIN", "UNLATCH_MAIL_SERVER", "UNLATCH_MAIL_FROM"), "")
    return start_app(UNLATCH_DEVELOPMENT="1", **nothing)


@pytest.fixture
def port(app: Flask) -> int:
    port: int = app.test_client_class.port  # type: ignore[union-attr]  # a WireClient, running
    return port


@contextmanager
def proxy(to: int, adds: dict[str, str], *, version: str = "HTTP/1.1") -> Iterator[int]:
    """A real one on 127.0.0.1, that asks for `localhost` whatever it was asked for itself."""

    class Pass(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            passed = HTTPConnection("127.0.0.1", to, timeout=30)
            passed._http_vsn_str = version  # type: ignore[attr-defined]  # no public way
            headers = {"Host": f"localhost:{to}", "Accept": self.headers["Accept"]}
            passed.request("GET", self.path, headers=headers | adds)
            answer = passed.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(body)
            passed.close()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pass)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def status(
    port: int, *, at: str = "127.0.0.1", host: str = "", source: str = "", path: str = MAILBOX
) -> int:
    connection = HTTPConnection(at, port, timeout=30, source_address=(source or at, 0))
    try:
        headers = {"Host": host or f"localhost:{port}", "Accept": "application/json"}
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_developers_read_it_on_their_own_machine(port: int) -> None:
    """From any of its own addresses: without this, the rest would prove nothing."""
    assert status(port) == 200
    assert status(port, source="127.5.0.1") == 200


@pytest.mark.parametrize("name", PROXIES)
def test_nobody_reads_it_through_a_proxy(port: int, name: str) -> None:
    with proxy(port, PROXIES[name]) as front:
        assert status(front) == 404
        assert status(front, path="/auth/sign-in") == 200  # it does pass on


def test_nobody_reads_it_through_a_proxy_that_adds_nothing(port: int) -> None:
    """nginx before 1.29.7 with `proxy_pass` alone: HTTP/1.0, which no browser speaks."""
    with proxy(port, {}, version="HTTP/1.0") as front:
        assert status(front) == 404


def test_nobody_reads_it_under_another_name(port: int) -> None:
    """As proxies do that pass the Host on, and as a page does that rebinds its own name."""
    for host in ("example.com", f"example.com:{port}", "localhost.example.com", "192.0.2.2"):
        assert status(port, host=host) == 400


def test_nobody_reads_it_from_another_machine(app: Flask) -> None:
    """Served on every address, and asked from one that is not this machine's own."""
    own = address_of_this_machine()
    if own is None:
        answer = app.test_client().get(MAILBOX, environ_base={"REMOTE_ADDR": "192.0.2.7"})
        assert answer.status_code == 404
        return
    with running(app, at="0.0.0.0") as port:
        assert status(port) == 200
        assert status(port, at=own) == 404


def test_there_is_none_where_people_come_by_https(start_app: Callable[..., Flask]) -> None:
    """Then a proxy does the encrypting, whatever headers it adds; or where mail is really sent."""
    for config in (
        {"UNLATCH_MAIL_SERVER": "", "UNLATCH_MAIL_FROM": ""},
        {"UNLATCH_ORIGIN": "http://localhost"},
    ):
        app = start_app(UNLATCH_DEVELOPMENT="1", **config)
        host = "localhost" if "UNLATCH_ORIGIN" in config else "acme.example"
        port = app.test_client_class.port  # type: ignore[union-attr]  # a WireClient, running
        assert status(port, host=host, path="/auth/sign-in") == 200
        assert status(port, host=host) == 404


def address_of_this_machine() -> str | None:
    """One that is not loopback, if it has any; asking for the way to somewhere sends nothing."""
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((STRANGER, 9))
        except OSError:
            return None
        own: str = asking.getsockname()[0]
    return None if own.startswith("127.") else own
