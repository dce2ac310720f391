"""Every flow that has a secret, walked in a browser on a real `unlatch serve`, and then looked
for: in its logs, its database with all that lies beside it and copies of it, its error pages, the
Referer headers and the addresses that the browser sent.

The site hands its mails to a real SMTP server, so what the secrets are is known from the mails
and from the browsers' cookies alone. Every logger of the process writes all it has, into a file.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from aiosmtpd.controller import Controller
from canary import Canaries
from playwright.sync_api import BrowserContext, Request, Response

import unlatch
from unlatch.core import binding
from unlatch.core.keys import Keys
from unlatch.core.secrets import CODE_ALPHABET, to_base64url
from unlatch.flask.sender.reading import body, code_in, link_in

pytestmark = pytest.mark.slow

KEY = "TheKeyOfASiteThatIsLookedThroughForIt-0123456789"
LOG = "everything.log"

# Run by Python before anything else. Whatever the server configures afterwards, every logger
# writes every record into the file, as a line for people and as one for programs.
LOGS_EVERYTHING = f"""
import logging, pathlib

shown = logging.Formatter("%(process)d %(name)s %(levelname)s %(message)s")
file = pathlib.Path({LOG!r}).absolute()

class Everything(logging.getLoggerClass()):
    def isEnabledFor(self, level):
        return True

    def handle(self, record):
        from unlatch.server.logs import json_formatter
        with file.open("a") as log:
            log.write(shown.format(record) + "\\n" + json_formatter().format(record) + "\\n")
        super().handle(record)

logging.setLoggerClass(Everything)
"""


class Post:
    """An SMTP server that takes mails, or takes its time.

    Attributes:
        texts: Of the mails that it was handed, oldest first.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._open = threading.Event()
        self._open.set()

    def take(self, content: bytes) -> None:
        letter = message_from_bytes(content, EmailMessage, policy=policy.default)
        self.texts.append(body(letter, "plain"))
        self._open.wait(20)

    @contextmanager
    def taking_its_time(self) -> Iterator[None]:
        """Whoever hands in a mail waits until this ends, and with it all who come after."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    @property
    def secrets(self) -> list[str]:
        return [text for text in self.texts if code_in(text)]

    @property
    def code(self) -> str:
        return code_in(self.secrets[-1]) or ""

    @property
    def link(self) -> str:
        return link_in(self.secrets[-1]) or ""


class Handler:
    """Hands it the mails. (Of its own, since aiosmtpd looks at all that its handler has.)"""

    def __init__(self, post: Post) -> None:
        self._take = post.take

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        await server.loop.run_in_executor(None, self._take, envelope.content)
        return "250 taken"


@dataclass
class Served:
    """The process, its files and its mails."""

    folder: Path
    port: int
    post: Post
    environment: dict[str, str]
    canaries: Canaries = field(default_factory=Canaries)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def run(self, *arguments: str) -> bytes:
        """A command to its end; gives all that it printed."""
        return subprocess.run(
            [sys.executable, "-m", "unlatch.server", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=True,
        ).stdout

    def files(self) -> dict[str, bytes]:
        """All that it has written, by name."""
        paths = [one for one in self.folder.rglob("*") if one.is_file()]
        return {path.name: path.read_bytes() for path in paths if path.suffix != ".py"}

    def leaks(self) -> dict[str, set[str]]:
        """Which secrets are in which files."""
        for text in self.post.texts:
            self.canaries.add_mail(text)
        found = {name: self.canaries.found_in(said) for name, said in self.files().items()}
        return {name: secrets for name, secrets in found.items() if secrets}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    post = Post()
    mail_port, port = free_port(), free_port()
    smtp = Controller(Handler(post), hostname="127.0.0.1", port=mail_port)
    smtp.start()
    (tmp_path / "sitecustomize.py").write_text(LOGS_EVERYTHING)
    own = {k: v for k, v in os.environ.items() if not k.startswith(("UNLATCH_", "MAIL_", "FLASK_"))}
    source = Path(unlatch.__file__).parents[1]
    environment = own | {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{source}",
        "UNLATCH_SECRET_KEYS": KEY,
        "UNLATCH_MAIL_SERVER": "127.0.0.1",
        "UNLATCH_MAIL_PORT": f"{mail_port}",
        "UNLATCH_MAIL_SECURITY": "none",
        "UNLATCH_MAIL_FROM": "sign-in@acme.example",
    }
    site = Served(tmp_path, port, post, environment)
    site.canaries.add("key", KEY.encode())
    with (tmp_path / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "unlatch.server", "serve", "--port", f"{port}"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=printed,
        )
        try:
            assert process.stdout is not None
            assert any(b"Ctrl-C" in line for line in process.stdout), "it did not start"
            yield site
        finally:
            process.terminate()
            process.communicate()
            smtp.stop()


@dataclass
class Traffic:
    """All that the browsers asked for and were told."""

    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self.requests.append(request))
        context.on("response", lambda response: self.responses.append(response))

    def cookies(self) -> Iterator[tuple[str, str]]:
        """Every one that was ever set, the short-lived included."""
        for response in self.responses:
            for one in response.headers_array():
                if one["name"].lower() == "set-cookie":
                    for line in one["value"].split("\n"):
                        name, _, value = line.partition(";")[0].partition("=")
                        yield name, value

    def referers(self) -> list[str]:
        headers = (one.all_headers() for one in self.requests)
        return [one["referer"] for one in headers if "referer" in one]


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


@pytest.fixture
def come(visit, served, traffic):
    """`come()`: a browser that was never here, watched."""

    def at_a_browser(**device):
        visitor = visit(served, **device)
        traffic.watch(visitor.context)
        return visitor

    return at_a_browser


def test_no_secret_is_anywhere_but_where_it_belongs(come, served, traffic):
    post, canaries = served.post, served.canaries
    pages: list[bytes] = []
    opened: list[str] = []

    def opens(visitor, address: str) -> None:
        opened.append(served.url + address)
        visitor.goto(address)

    def fails(visitor, heading: str) -> None:
        visitor.sees(heading)
        pages.append(visitor.page.content().encode())

    def arrives(count: int) -> None:
        mira.until(lambda: len(post.secrets) == count)

    mira = come()
    with post.taking_its_time():
        mira.goto("/auth/register")
        mira.page.get_by_label("Username").fill("mira")
        mira.page.get_by_label("Email").fill("mira@example.com")
        mira.press("Create account")
        mira.press("Create a passkey")
        mira.sees("You're all set")
        arrives(1)
        # The sender is at the first mail; the notice of the passkey is asked for and no more.
        canaries.add_cookies(traffic.cookies())
        assert served.leaks() == {}

    opens(mira, path_of(post.link))
    mira.press("Confirm my address")
    mira.arrive_at_account()
    mira.press("Sign out")
    mira.press("Sign in with a passkey")
    mira.arrive_at_account()

    by_link, by_code = come(key=None), come(key=None)
    with post.taking_its_time():
        mira.goto("/auth/fresh?next=/auth/account")
        mira.press("Email me a code")
        mira.sees("Check your email")
        arrives(2)
        by_link.ask_mail()
        assert len(post.secrets) == 2, "the sender went on to a second mail"
        assert served.leaks() == {}
    mira.expects("status of 401")
    proof = code_in(post.secrets[1])
    mira.type("Code", "WDJB-KMHT")
    mira.press("Confirm it's me")
    mira.page.get_by_text("You have 4 tries left.").wait_for()
    pages.append(mira.page.content().encode())
    mira.type("Code", proof)
    mira.press("Confirm it's me")
    mira.arrive_at_account()

    arrives(3)
    link = path_of(post.link)
    by_link.expects("status of 401", "status of 404")
    opens(by_link, link[:-1] + ("A" if link[-1] != "A" else "B"))
    fails(by_link, "This link no longer works")
    by_link.press("Email me a new one")
    by_link.sees("Check your email")
    opens(by_link, quote(link))
    fails(by_link, "Nothing here")
    opens(mira, link)  # she is elsewhere
    mira.sees("Open this on the device where you started")
    mira.goto("/auth/account")
    opens(by_link, link)
    by_link.is_at("/auth/sign-in/email/link")
    by_link.press("Sign in as mira")
    by_link.arrive_at_account()
    opens(by_link, link)
    fails(by_link, "This link no longer works")
    by_link.goto("/auth/account")
    by_link.press("Sign out")

    by_code.expects("status of 401")
    by_code.ask_mail()
    arrives(4)
    assert served.leaks() == {}
    by_code.type("Code", "WDJB-KMHT")
    by_code.press("Sign in")
    by_code.page.get_by_text("You have 4 tries left.").wait_for()
    pages.append(by_code.page.content().encode())
    by_code.type("Code", post.code)
    by_code.press("Sign in")
    by_code.arrive_at_account()

    # --- the search ---

    set_cookies = list(traffic.cookies())
    canaries.add_cookies(set_cookies)
    add_what_is_sealed(canaries, set_cookies)
    canaries.add("damaged token", opened[1].encode()[-86:])
    printed = served.run("db", "backup", "copy.sqlite")

    assert served.leaks() == {}
    assert canaries.found_in(printed) == set()
    assert [canaries.found_in(page) for page in pages] == [set()] * 5
    referers = "\n".join(traffic.referers())
    assert canaries.found_in(referers.encode()) == set()
    asked = [one.url for one in traffic.requests if one.url not in opened]
    assert canaries.found_in("\n".join(asked).encode()) == set()

    # --- and what was searched was worth it ---

    files = served.files()
    assert {"unlatch.sqlite", "unlatch.sqlite-wal", "unlatch.sqlite-shm"} <= set(files)
    assert b"mira@example.com" in files["copy.sqlite"]
    assert b"mira@example.com" in files["unlatch.sqlite"] + files["unlatch.sqlite-wal"]
    assert b"unlatch INFO refused: wrong_code" in files[LOG]
    assert b"sqlalchemy.pool.impl.QueuePool DEBUG" in files[LOG]
    assert b"DEBUG" in files[LOG]
    assert b'"event": "refused: wrong_code' in files[LOG]
    kinds = {name.split("-", 2)[-1].split("-")[0] for name, _ in set_cookies if "unlatch" in name}
    assert kinds >= {f"{served.port}", "mail", "c", "link", "browser", "account"}
    assert f"{served.url}/auth/account" in referers
    assert {f"{served.url}/"} <= set(traffic.referers())  # from the addresses with a token
    assert len(opened) == len([one for one in traffic.requests if one.url in opened])
    assert len(canaries) > 40
    assert_one_would_be_found(served, post, set_cookies)


def add_what_is_sealed(canaries: Canaries, cookies: list[tuple[str, str]]) -> None:
    """The binding's secret and the browser's id, which the cookies only wrap."""
    keys = Keys([KEY.encode()])
    for name, value in cookies:
        if name.endswith("-mail") and (bound := binding.open_sealed(value, keys, now=0)):
            canaries.add("binding secret", bound.secret)
        if name.endswith("-browser"):
            canaries.add("browser id", keys.open("browser", value))


def assert_one_would_be_found(served: Served, post: Post, cookies: list[tuple[str, str]]) -> None:
    """In a copy of the database, and in the log."""
    planted = served.folder / "planted.sqlite"
    shutil.copy(served.folder / "copy.sqlite", planted)
    with closing(sqlite3.connect(planted)) as database, database:
        session = next(value for name, value in cookies if name == f"unlatch-{served.port}")
        database.execute("UPDATE unlatch_accounts SET display_name = ?", (f"x{session}",))
    with (served.folder / LOG).open("a") as log:
        log.write(f"somebody typed {post.code.replace('-', '').lower()}\n")

    leaks = served.leaks()

    assert set(leaks) == {"planted.sqlite", LOG}
    assert leaks[LOG] == {"code"}


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize(
    "written",
    [
        lambda secret: secret,
        lambda secret: secret.hex().encode(),
        lambda secret: secret.hex().upper().encode(),
        lambda secret: repr(secret).encode(),
        b64encode,
        lambda secret: to_base64url(secret).encode(),
    ],
    ids=["bytes", "hex", "HEX", "repr", "base64", "base64url"],
)
def test_a_secret_is_found_in_any_shape(written, before):
    canaries = Canaries()
    secret = bytes(range(200, 232))
    canaries.add("it", secret)

    assert canaries.found_in(b"{" + written(b"." * before + secret + b"." * 5) + b"}") == {"it"}
    other = bytes(range(100, 132))
    assert canaries.found_in(b"{" + written(b"." * before + other + b"." * 5) + b"}") == set()


@pytest.mark.parametrize("written", ["WDJB-KMHT", "WDJBKMHT", "wdjb kmht", "wdjb-KMHT"])
def test_a_code_is_found_in_any_spelling(written):
    canaries = Canaries()
    canaries.add_mail("Your code:\n\n    WDJB-KMHT\n")

    assert canaries.found_in(f"it was {written}!".encode()) == {"code"}
    assert canaries.found_in(CODE_ALPHABET.encode()) == set()
