"""People with browsers and keys, who walk in by the front door."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, ClassVar
from urllib.parse import urlsplit

import time_machine as machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from unlatch.core.ports import Stores
from unlatch.core.records import Account, Event, Passkey
from unlatch.testing import SoftAuthenticator

FACES = {
    "page": {},
    "htmx": {"HX-Request": "true"},
    "json": {"Accept": "application/json"},
}


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

    def with_cookies_of(self, other: "Person", like: str = "") -> "Person":
        """This browser, with copies of another's cookies, as whoever steals them has them.

        Args:
            like: Only of those that have this in their names.
        """
        for name, value in other.cookies.items():
            if like in name:
                self.set_cookie(name, value)
        return self

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
