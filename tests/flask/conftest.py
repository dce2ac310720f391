"""A small app with Unlatch on it, and people with browsers and keys to walk in with.

Everything they do goes over HTTP, on SQLite. What is slow is done once: one app serves all
tests that need no settings of their own, its tables emptied between them; mail is minted only
in tests that read it (by the `outbox`).
"""

import datetime
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
import time_machine as machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import delete
from werkzeug.test import TestResponse

from unlatch import Unlatch, current_account, fresh_sign_in_required, sign_in_required
from unlatch.core import slow_hash
from unlatch.core.ports import Stores
from unlatch.core.records import Account, Event, Passkey
from unlatch.flask.sender.reading import body, link_in
from unlatch.flask.state import now
from unlatch.stores.sql.tables import metadata
from unlatch.testing import Outbox, SoftAuthenticator

FACES = {
    "page": {},
    "htmx": {"HX-Request": "true"},
    "json": {"Accept": "application/json"},
}
DATABASE = "unlatch.sqlite"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def make_app(folder: Path, **config: object) -> Flask:
    """The host's app: a page for everybody, one for the signed in, one for the confirmed, one
    for the freshly proved.
    """
    app = Flask("host", instance_path=str(folder), root_path=str(folder))
    app.config.update({"TESTING": True, "UNLATCH_SITE_NAME": "Acme Notes"} | config)
    Unlatch(app)
    add_pages(app)
    return app


def add_pages(app: Flask) -> None:
    @app.get("/")
    def home() -> str:
        return f"Hello {current_account.name}" if current_account else "Hello stranger"

    @app.route("/notes", methods=["GET", "POST"])
    @sign_in_required
    def notes() -> str:
        return f"Notes of {current_account.username}"

    @app.get("/notes/<path:title>")
    @sign_in_required
    def note(title: str) -> str:
        return title

    @app.get("/members")
    @sign_in_required(confirmed=True)
    def members() -> str:
        return f"Mail of {current_account.email}"

    @app.get("/vault")
    @fresh_sign_in_required(max_age=60)
    def vault() -> str:
        return f"Vault of {current_account.name}"


def told(answer: TestResponse) -> dict[str, Any]:
    """The JSON object of an answer."""
    assert isinstance(answer.json, dict), answer.text
    return answer.json


@dataclass
class Person:
    """Somebody at a browser, with a key."""

    client: FlaskClient
    username: str = "mira"
    email: str = "mira@example.com"
    name: str = "Mira Okafor"
    site: str = "http://localhost"
    key: SoftAuthenticator = field(default_factory=SoftAuthenticator)

    def ask(
        self,
        method: str,
        path: str,
        face: str = "page",
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> TestResponse:
        """Any request, as a browser on the site itself sends it."""
        if Clock.running is not None:
            Clock.running.move(milliseconds=1)
        said = {"Origin": self.site} if method not in ("GET", "HEAD") else {}
        said |= FACES[face] | dict(headers or {})
        return self.client.open(path, method=method, base_url=self.site, headers=said, **body)

    def get(self, path: str, face: str = "page", **headers: str) -> TestResponse:
        return self.ask("GET", path, face, {k.replace("_", "-"): v for k, v in headers.items()})

    def form(self, path: str, face: str = "page", **fields: str) -> TestResponse:
        return self.ask("POST", path, face, data=fields)

    def json(self, path: str, body: object = None, method: str = "POST") -> TestResponse:
        return self.ask(method, path, "json", json={} if body is None else body)

    def register(self, **fields: str) -> TestResponse:
        own = {"name": self.name, "username": self.username, "email": self.email}
        answer = self.form("/auth/register", **(own | fields))
        assert answer.status_code == 303, answer.text
        return answer

    def begin_passkey(self) -> dict[str, Any]:
        begun = self.json("/auth/account/passkeys/options")
        assert begun.status_code == 200, begun.json
        return told(begun)

    def add_passkey(self, key: SoftAuthenticator | None = None, **bend: Any) -> TestResponse:
        answer = (key or self.key).create(self.begin_passkey(), **bend)
        return self.json("/auth/account/passkeys", answer)

    def passkeys(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = told(self.get("/auth/account/passkeys", "json"))["passkeys"]
        return listed

    def sign_out(self) -> TestResponse:
        return self.form("/auth/sign-out")

    def begin_sign_in(self, **wish: object) -> dict[str, Any]:
        begun = self.json("/auth/sign-in/passkey/options", wish)
        assert begun.status_code == 200, begun.json
        return told(begun)

    def sign_in(self, next_path: str = "", **bend: Any) -> TestResponse:
        """By passkey, without a name."""
        query = f"?next={next_path}" if next_path else ""
        answer = self.key.get(self.begin_sign_in(), **bend)
        return self.json(f"/auth/sign-in/passkey{query}", answer)

    def ask_mail(self, identifier: str = "", **more: str) -> TestResponse:
        return self.form("/auth/sign-in/email", identifier=identifier or self.email, **more)

    def type_code(self, code: str) -> TestResponse:
        return self.form("/auth/sign-in/email/code", code=code)

    def open_link(self, link: str) -> TestResponse:
        """Follow a mailed link."""
        parts = urlsplit(link)
        return self.get(f"{parts.path}?{parts.query}")

    def begin_fresh(self) -> dict[str, Any]:
        begun = self.json("/auth/fresh/passkey/options")
        assert begun.status_code == 200, begun.json
        return told(begun)

    def prove_again(self, next_path: str = "") -> TestResponse:
        query = f"?next={next_path}" if next_path else ""
        return self.json(f"/auth/fresh/passkey{query}", self.key.get(self.begin_fresh()))

    def at_another_browser(self, **more: Any) -> "Person":
        """The same person, with the same key, at a browser that has never been here."""
        return Person(
            self.client.application.test_client(),
            username=self.username,
            email=self.email,
            name=self.name,
            site=self.site,
            **({"key": self.key} | more),
        )

    @property
    def session(self) -> dict[str, Any] | None:
        """What programs are told of the session, or None."""
        answer = self.get("/auth/session", "json")
        return told(answer) if answer.status_code == 200 else None

    @property
    def method(self) -> str | None:
        """How the session began, or None where there is none."""
        session = self.session
        return session["method"] if session else None

    @property
    def cookies(self) -> dict[str, str]:
        jar = self.client._cookies
        assert jar is not None
        return {one.decoded_key: one.decoded_value for one in jar.values()}

    def set_cookie(self, name: str, value: str) -> None:
        self.client.set_cookie(name, value, domain=urlsplit(self.site).hostname or "")

    def drop_cookie(self, name: str) -> None:
        self.client.delete_cookie(name, domain=urlsplit(self.site).hostname or "")


@dataclass(frozen=True)
class Kept:
    """What the app has kept, for what no page tells."""

    stores: Stores

    def account(self, username: str = "mira") -> Account:
        found = self.stores.accounts.by_username(username)
        assert found is not None
        return found

    def passkeys(self, username: str = "mira") -> list[Passkey]:
        return self.stores.passkeys.of(self.account(username).id)

    def events(self, username: str = "mira") -> list[Event]:
        """Oldest first."""
        return self.stores.events.of(self.account(username).id, limit=1000)[::-1]

    def kinds(self, username: str = "mira") -> list[str]:
        return [event.kind for event in self.events(username)]


class Page(HTMLParser):
    """What a page holds, for questions about its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def field(self, name: str) -> dict[str, str]:
        """The input of that name."""
        (found,) = [a for tag, a in self.elements if tag == "input" and a.get("name") == name]
        return found

    def names(self) -> set[str]:
        return {a["name"] for tag, a in self.elements if tag == "input"}

    def ids(self) -> list[str]:
        return [a["id"] for _, a in self.elements if "id" in a]

    def actions(self) -> list[str]:
        return [a["action"] for tag, a in self.elements if tag == "form"]


class Clock:
    """Stands still until told to move, but for a millisecond that each request takes."""

    running: "ClassVar[Clock | None]" = None

    def __init__(self, traveller: machine.Traveller) -> None:
        self._traveller = traveller

    def move(self, **span: float) -> None:
        """Like `move(minutes=5)`."""
        self._traveller.shift(datetime.timedelta(**span))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fresh database, to copy from."""
    folder = tmp_path_factory.mktemp("migrated")
    app = make_app(folder)
    app.test_client().get("/auth/sign-out")
    app.extensions["unlatch"].stores.accounts.find("nobody")
    app.extensions["unlatch"].stores.close()
    return folder


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def bare_app(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """`bare_app(…)`: a host's app as it is made by hand, with nothing prepared."""
    made: list[Flask] = []

    def make(folder: str = "bare", **config: object) -> Flask:
        app = make_app(tmp_path / folder, **config)
        made.append(app)
        return app

    yield make
    for app in made:
        state = app.extensions["unlatch"]
        state.sender.stop()
        state.stores.close()


@pytest.fixture
def new_app(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, compiled: FileSystemBytecodeCache
) -> Iterator[Callable[..., Flask]]:
    """`new_app(…)`: an app with a database of its own. No mail leaves before an `Outbox`."""
    made: list[Flask] = []

    def make(**config: object) -> Flask:
        folder = tmp_path_factory.mktemp("instance")
        shutil.copy(migrated / DATABASE, folder / DATABASE)
        app = make_app(folder, **config)
        app.jinja_env.bytecode_cache = compiled
        app.extensions["unlatch"].sender.worker = "nobody"
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["unlatch"].stores.close()


@pytest.fixture(scope="session")
def lasting_app(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("lasting")
    shutil.copy(migrated / DATABASE, folder / DATABASE)
    app = make_app(folder)
    yield app
    app.extensions["unlatch"].stores.close()


@pytest.fixture
def app(lasting_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The host's app, with nobody in it. No mail leaves before an `Outbox`.

    Argon2 is as quick as it can be: how slow it is in earnest is a test of its own.
    """
    monkeypatch.setattr(slow_hash, "_HASHER", QUICK)
    state = lasting_app.extensions["unlatch"]
    state.sender.worker, state.sender.transport = "nobody", state.mailbox
    yield lasting_app
    with state.stores.database.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """Takes the app's mails. What is asked for from now on is delivered at once; what was
    asked for before counts as sent, since nobody is going to read it.
    """
    mails = app.extensions["unlatch"].stores.mails
    while mail := mails.claim(now=now(), lease=1):
        mails.sent(mail, now=now())
    return Outbox(app)


@pytest.fixture
def kept(app: Flask) -> Kept:
    return Kept(app.extensions["unlatch"].stores)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Noon of a summer's day, for every test that uses the `app`."""
    noon = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)
    with machine.travel(noon, tick=False) as traveller:
        Clock.running = Clock(traveller)
        yield Clock.running
        Clock.running = None


@pytest.fixture
def read() -> Callable[[TestResponse], Page]:
    """`read(answer)`: the elements of a page."""
    return lambda answer: Page(answer.text)


@pytest.fixture
def visitor(app: Flask) -> Person:
    """A browser that has never been here."""
    return Person(app.test_client())


@pytest.fixture
def mira(app: Flask) -> Person:
    """Registered just now, with a passkey, signed in; her address not confirmed."""
    person = Person(app.test_client())
    person.register()
    assert person.add_passkey().status_code == 201
    return person


@pytest.fixture
def noah(app: Flask) -> Person:
    """Another account on the same site, made in another browser."""
    person = Person(app.test_client(), "noah", "noah@example.com", "Noah Berg")
    person.register()
    assert person.add_passkey().status_code == 201
    return person


@pytest.fixture
def confirm(kept: Kept) -> Callable[[Person], None]:
    """`confirm(person)`: as if they had opened the mail and pressed the button."""

    def by_hand(person: Person) -> None:
        with kept.stores.unit() as unit:
            assert unit.accounts.confirm(kept.account(person.username).id, now=1)

    return by_hand


@pytest.fixture
def links(outbox: Outbox) -> Callable[[str], list[str]]:
    """`links(address)`: those mailed there, oldest first."""
    return lambda to: [
        link for mail in outbox.to(to) if (link := link_in(body(mail, "plain"))) is not None
    ]
