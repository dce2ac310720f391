"""Told to end while a request is under way: it is answered, unless it takes too long."""

import signal
import socket
import sys

import pytest
from processes import PATIENCE, gunicorn, wait_until

pytestmark = pytest.mark.slow

FORM = b"name=Mira&username=mira&email=mira%40example.com"
HEAD = (
    b"POST /auth/register HTTP/1.1\r\nHost: example.com\r\nOrigin: https://example.com\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
    b"Expect: 100-continue\r\n\r\n" % len(FORM)
)
HASTY = "from unlatch.server import cli, serving; serving.STOPPING = 1; cli.main()"


@pytest.fixture
def servers(start_site, start_command, settings, here, tmp_path):
    """`servers(name)`: one that answers, over the site's database."""

    def start(name):
        if name == "unlatch serve":
            return start_site(tmp_path, **settings)
        if name == "gunicorn":
            options = ("--threads", "8", "--no-control-socket")
            app = "unlatch.server.app:create_app()"
            return start_command(tmp_path, lambda port: gunicorn(app, port, *options), settings)
        hasty = [sys.executable, "-c", HASTY, "serve", "--port"]
        return start_command(tmp_path, lambda port: [*hasty, str(port)], settings)

    return start


def under_way(site, address="127.0.0.1"):
    """A connection whose request is being worked on: the server asks for its body."""
    connection = socket.create_connection((address, site.port), PATIENCE)
    connection.sendall(HEAD)
    assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
    return connection


def has_begun_to_end(site):
    """It takes no more connections."""
    try:
        socket.create_connection(("127.0.0.1", site.port), 1).close()
    except OSError:
        return True
    return False


def wait_for_its_end_to_begin(name, site):
    if name == "gunicorn":  # its main process leaves connections in the kernel's queue
        assert any("Handling signal: term" in line for line in site.process.stderr)
    else:
        wait_until(lambda: has_begun_to_end(site), "it to take no more connections")


@pytest.mark.parametrize(
    ("name", "by", "address"),
    [
        ("unlatch serve", signal.SIGTERM, "127.0.0.1"),
        ("unlatch serve", signal.SIGINT, "::1"),
        ("gunicorn", signal.SIGTERM, "127.0.0.1"),
    ],
)
def test_a_request_under_way_is_answered_before_the_end(servers, here, name, by, address):
    site = servers(name)

    with under_way(site, address) as connection:
        site.process.send_signal(by)
        wait_for_its_end_to_begin(name, site)
        connection.sendall(FORM)
        assert connection.recv(1000).startswith(b"HTTP/1.1 303 ")

    site.process.communicate(timeout=PATIENCE)
    assert site.process.returncode == 0
    assert here.extensions["unlatch"].stores.accounts.by_username("mira")


def test_a_request_that_goes_on_for_ever_is_cut_off(servers, here):
    """After eight seconds; here after one."""
    site = servers("hasty")

    with under_way(site) as connection:
        site.process.send_signal(signal.SIGTERM)
        site.process.communicate(timeout=PATIENCE)
        assert connection.recv(1000) == b""

    assert site.process.returncode == 0
    assert here.extensions["unlatch"].stores.accounts.by_username("mira") is None
