"""The ready server under other WSGI servers, as docs/server.md has it: their access logs, too."""

import json
import re
import shlex
import socket
import sys
from http.client import HTTPConnection

import pytest
from strangers import STALE_ANSWER

pytestmark = pytest.mark.slow

SETTINGS = {
    "UNLATCH_ORIGIN": "https://example.com",
    "UNLATCH_TRUSTED_PROXIES": "none",
    "SECRET_KEY": "kR3v9-dZ0qLw7xTn2YbHc8uJfA5sEgM1",
    "MAIL_SERVER": "smtp.example.com",
    "MAIL_FROM": "sign-in@example.com",
}
LINK = "/auth/sign-in/email/link"
SECRET = "looking-for-this"


@pytest.fixture
def documented(request):
    """`documented("gunicorn")`: the arguments of its command in the docs."""
    page = (request.config.rootpath / "docs" / "server.md").read_text(encoding="utf-8")

    def find(name: str) -> list[str]:
        found = re.findall(rf"^{name} (?:[^\\\n]|\\\n)*", page, re.MULTILINE)
        (command,) = [one for one in found if "unlatch.server.app" in one]
        return shlex.split(command.replace("\\\n", ""))[1:]

    return find


@pytest.mark.parametrize(
    ("name", "bind"),
    [
        ("gunicorn", lambda port: ["--bind", f"127.0.0.1:{port}"]),
        ("granian", lambda port: ["--port", str(port)]),
    ],
)
def test_it_serves_the_site_and_logs_no_query(start_command, documented, tmp_path, name, bind):
    """The token of a mailed link is in a query once: in the address, and in no Referer."""
    site = start_command(
        tmp_path,
        lambda port: [sys.executable, "-m", name, *documented(name), *bind(port)],
        SETTINGS,
    )

    here = site.get("/auth/sign-in", Host="example.com")
    there = site.get("/auth/sign-in", Host="localhost:5000")
    mailbox = site.get("/auth/dev/mailbox", Host="example.com")
    site.get(f"{LINK}?token={SECRET}", Host="example.com")
    site.get(f"{LINK}?token={SECRET}", Host="localhost:5000")
    site.get(LINK, Host="example.com", Referer=f"https://example.com{LINK}?token={SECRET}")
    site.get("/healthz")  # granian writes after it has answered, and stops without its last line

    assert (here.status, there.status, mailbox.status) == (200, 400, 404)
    said = site.stop_all()
    assert said.count(LINK) >= 3, said
    assert SECRET not in said


def test_by_a_socket_file_each_visitor_is_counted_by_his_own_address(start_command, tmp_path):
    """It has no address that a setting could name, and all who come by it would be one."""
    own = tmp_path / "site.sock"
    binds = ["--bind", f"unix:{own}", "unlatch.server.app:create_app()"]
    start_command(
        tmp_path,
        lambda port: [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *binds],
        SETTINGS | {"UNLATCH_TRUSTED_PROXIES": "unix"},
    )

    def fail(address: str) -> int:
        """A sign-in, as nginx passes it on."""
        with socket.socket(socket.AF_UNIX) as nginx:
            nginx.connect(str(own))
            connection = HTTPConnection("example.com")
            connection.sock = nginx
            headers = {
                "Origin": "https://example.com",
                "Content-Type": "application/json",
                "X-Forwarded-For": address,
            }
            connection.request("POST", "/auth/sign-in/passkey", json.dumps(STALE_ANSWER), headers)
            return connection.getresponse().status

    assert [fail("192.0.2.7") for _ in range(31)] == [401] * 30 + [429]
    assert fail("192.0.2.8") == 401
