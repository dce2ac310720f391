"""Peace with a host's own Flask-WTF: its forms want their token, ours want none."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]  # it has no stubs
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]
from host import DATABASE, add_pages
from people import Person

from unlatch import Unlatch

BEFORE, AFTER = "before us", "after us"


def make(folder: Path, when: str) -> Flask:
    app = Flask("host", instance_path=str(folder))
    app.config.update(TESTING=True, SECRET_KEY="the host's own")
    parts: list[Callable[[Flask], object]] = [CSRFProtect, Unlatch]
    for put_on in parts[:: 1 if when == BEFORE else -1]:
        put_on(app)
    add_pages(app)
    app.add_url_rule("/token", view_func=generate_csrf)
    return app


@pytest.fixture(params=[BEFORE, AFTER])
def protected(tmp_path, migrated, request):
    """The host's app, its CSRFProtect on it before Unlatch or after."""
    shutil.copy(migrated / DATABASE, tmp_path / DATABASE)
    app = make(tmp_path, request.param)
    app.extensions["unlatch"].sender.worker = "external"
    yield app
    app.extensions["unlatch"].stores.close()


@pytest.fixture
def person(protected) -> Person:
    return Person(protected.test_client())


def test_our_forms_and_programs_need_no_token(person):
    person.register()
    assert person.add_passkey().status_code == 201
    (passkey,) = person.passkeys()
    one = f"/auth/account/passkeys/{passkey['id']}"
    assert person.json(one, {"name": "Blue"}, "PATCH").status_code == 200
    assert person.json(one, method="DELETE").status_code == 409  # the only one
    assert person.prove_again().status_code == 200
    assert person.form("/auth/sign-out", "htmx").status_code == 200
    assert person.ask_mail().status_code == 303
    assert person.sign_in().status_code == 200
    assert person.form("/auth/nothing").status_code == 404


def test_the_hosts_forms_are_protected_still(person):
    """Also right after a request of ours, and when our own check would let them pass."""
    person.register()

    assert person.form("/notes").status_code == 400
    token = person.get("/token").text
    assert person.form("/notes", csrf_token=token).text == "Notes of mira"


def test_what_needs_no_token_is_still_only_for_our_own_pages(person):
    person.register()

    answer = person.client.post("/auth/sign-out", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert person.method == "registration"
