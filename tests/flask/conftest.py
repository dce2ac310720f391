"""A small app with Unlatch on it, and a person with a browser and a key to walk in with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from unlatch import Unlatch, current_account, fresh_sign_in_required, sign_in_required
from unlatch.testing import Outbox, SoftAuthenticator

HTMX = {"HX-Request": "true", "Origin": "http://localhost"}
JSON = {"Accept": "application/json", "Origin": "http://localhost"}
PAGE = {"Origin": "http://localhost"}


def make_app(folder: Path, **config: object) -> Flask:
    """The host's app: a page for everybody, one for the signed in, one for the freshly so."""
    app = Flask("host", instance_path=str(folder))
    app.config.update(TESTING=True, UNLATCH_SITE_NAME="Acme Notes", **config)
    Unlatch(app)

    @app.get("/")
    def home() -> str:
        return f"Hello {current_account.name}" if current_account else "Hello stranger"

    @app.get("/notes")
    @sign_in_required
    def notes() -> str:
        return f"Notes of {current_account.username}"

    @app.get("/members")
    @sign_in_required(confirmed=True)
    def members() -> str:
        return f"Mail of {current_account.email}"

    @app.get("/vault")
    @fresh_sign_in_required(max_age=300)
    def vault() -> str:
        return f"Vault of {current_account.name}"

    return app


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path / "instance")


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    return Outbox(app)


@dataclass
class Person:
    """Somebody at a browser, with a key. What they do goes over HTTP."""

    client: FlaskClient
    key: SoftAuthenticator = field(default_factory=SoftAuthenticator)
    username: str = "mira"
    email: str = "mira@example.com"
    name: str = "Mira Okafor"

    def get(self, path: str, headers: Mapping[str, str] = PAGE) -> TestResponse:
        return self.client.get(path, headers=headers)

    def form(self, path: str, headers: Mapping[str, str] = PAGE, **fields: str) -> TestResponse:
        return self.client.post(path, data=fields, headers=headers)

    def json(self, path: str, body: object = None) -> TestResponse:
        return self.client.post(path, json={} if body is None else body, headers=JSON)

    def register(self) -> TestResponse:
        answer = self.form(
            "/auth/register", name=self.name, username=self.username, email=self.email
        )
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return answer

    def add_passkey(self) -> TestResponse:
        options = self.json("/auth/account/passkeys/options")
        assert options.status_code == 200, options.json
        return self.json("/auth/account/passkeys", self.key.create(options.json))

    def sign_out(self) -> TestResponse:
        return self.form("/auth/sign-out")

    def begin_sign_in(self, body: object = None) -> dict[str, object]:
        begun = self.json("/auth/sign-in/passkey/options", body)
        assert begun.status_code == 200, begun.json
        return begun.json

    def sign_in(self, next_path: str = "") -> TestResponse:
        answer = self.key.get(self.begin_sign_in())
        query = f"?next={next_path}" if next_path else ""
        return self.json(f"/auth/sign-in/passkey{query}", answer)

    def ask_mail(self, identifier: str = "") -> TestResponse:
        return self.form("/auth/sign-in/email", identifier=identifier or self.email)

    def type_code(self, code: str) -> TestResponse:
        return self.form("/auth/sign-in/email/code", code=code)

    def prove_again(self) -> TestResponse:
        options = self.json("/auth/fresh/passkey/options")
        return self.json("/auth/fresh/passkey", self.key.get(options.json))

    @property
    def session(self) -> dict[str, object] | None:
        answer = self.get("/auth/session", JSON)
        return answer.json if answer.status_code == 200 else None


@pytest.fixture
def mira(app: Flask, outbox: Outbox) -> Person:
    """Registered, with a passkey, signed in."""
    person = Person(app.test_client())
    person.register()
    assert person.add_passkey().status_code == 201
    return person


@pytest.fixture
def visitor(app: Flask, outbox: Outbox) -> Person:
    """A browser that has never been here."""
    return Person(app.test_client())
