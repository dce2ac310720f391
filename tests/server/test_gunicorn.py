"""The ready server under other WSGI servers, as docs/server.md has it: their access logs, too."""

import re
import shlex
import sys

import pytest

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
