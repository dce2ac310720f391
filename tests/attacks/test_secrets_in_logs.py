"""Reading secrets out of the log, or off an error page: from what a refusal gives as its reason,
from what a crash quotes, from an address that a mail program has mangled.

Everything that logs does so at DEBUG. Left out is Werkzeug's own access log, which is the test's
server's: `unlatch serve` has none, and docs/server.md says how a proxy's is kept clean.
"""

import logging
import sqlite3
from contextlib import closing
from urllib.parse import quote, urlsplit

import pytest
from canary import Canaries, token_of
from host import DATABASE

from unlatch.flask.sender.reading import body
from unlatch.server.logs import json_formatter

CODE, LINK = "/auth/sign-in/email/code", "/auth/sign-in/email/link"


@pytest.fixture
def caplog(caplog):
    """From before the app is made: SQLAlchemy asks once, when its engine is."""
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
def secrets(caplog, app, mira, outbox):
    """`secrets(person, …)`: all that there are by now, of the mails and of these browsers."""
    canaries = Canaries()
    canaries.add("key", app.config["UNLATCH_SECRET_KEYS"].encode())

    def gather(*people):
        for mail in outbox.mails:
            canaries.add_mail(body(mail, "plain"))
        for person in (mira, *people):
            canaries.add_cookies(person.cookies.items())
        return canaries

    return gather


@pytest.fixture
def logged(caplog):
    """`logged()`: all of it, tracebacks included, for people and for programs."""

    def read():
        shown = logging.Formatter("%(name)s %(levelname)s %(message)s"), json_formatter()
        records = [one for one in caplog.records if one.name != "werkzeug"]
        return "\n".join(one.format(record) for record in records for one in shown).encode()

    return read


def test_whatever_is_refused_is_not_quoted(mira, visitor, outbox, secrets, logged):
    visitor.ask_mail()
    token, code = token_of(outbox.link), outbox.code
    answers = [
        visitor.get(f"{LINK}?token={token[:-1]}"),
        visitor.get(f"{LINK}?token={token[:-1]}~"),
        visitor.get(f"/auth/account/email/link?token={token}"),
        visitor.get(LINK, Authorization=f"Bearer {token}"),
        visitor.json(LINK, {"token": token}),
        visitor.json(CODE, {"code": code + code}),
        visitor.json(CODE, {"code": [code]}),
        visitor.json("/auth/sign-in/passkey", {"id": token, "rawId": code, "type": "public-key"}),
        visitor.form("/auth/sign-in/email", identifier=f"{token}@{code}"),
        visitor.json("/auth/sign-in", {"identifier": code}),
    ]

    assert [one for one in answers if one.status_code >= 500] == []
    assert b"refused: mail_gone" in logged()
    assert secrets(visitor).found_in(logged()) == set()


@pytest.mark.parametrize("path", ["/auth/sign-in/email/link?token=", "/auth/"])
def test_an_address_that_was_mangled_is_not_quoted(visitor, mira, outbox, secrets, logged, path):
    """Programs that rewrite links write the question mark as %3F; then the token is in the path."""
    visitor.ask_mail()

    answer = visitor.get(quote(path + token_of(outbox.link)))

    assert answer.status_code == 404
    assert b"refused: not_found" in logged()
    assert secrets(visitor).found_in(logged()) == set()
    assert secrets(visitor).found_in(answer.data) == set()


class Crashing:
    """A transport of the host's own that quotes the whole mail when it fails."""

    def __init__(self):
        self.mails = []

    def send(self, message):
        self.mails.append(message)
        raise ValueError(f"cannot send {message.as_string()}")


def test_a_transport_that_crashes_is_not_quoted(app, mira, visitor, outbox, secrets, logged):
    sender = app.extensions["unlatch"].sender
    sender.transport = crashing = Crashing()

    assert visitor.ask_mail().status_code == 303

    outbox.mails += crashing.mails
    assert outbox.code
    assert b"ValueError at test_secrets_in_logs.py" in logged()
    assert secrets(visitor).found_in(logged()) == set()


@pytest.fixture
def stumbling(app):
    """No session and no account can be written."""
    with closing(sqlite3.connect(f"{app.instance_path}/{DATABASE}")) as database:

        def stumble():
            for table in ("unlatch_sessions", "unlatch_accounts"):
                database.execute(
                    f"CREATE TRIGGER {table}_stumbles BEFORE INSERT ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'stumbled'); END"
                )

        yield stumble


def test_a_database_that_fails_is_logged_without_its_values(
    mira, visitor, outbox, secrets, logged, stumbling
):
    visitor.ask_mail()
    visitor.open_link(outbox.link)
    answer = mira.key.get(visitor.begin_sign_in())
    stumbling()

    failed = [
        visitor.json(LINK),
        visitor.form(LINK),
        visitor.json(CODE, {"code": outbox.code}),
        visitor.json("/auth/sign-in/passkey", answer),
        visitor.json("/auth/register", {"username": "noah", "email": "noah@example.com"}),
    ]

    assert [one.status_code for one in failed] == [503] * 5
    assert b"stumbled" in logged()
    assert b"Traceback" in logged()
    assert b"unit.accounts.add(" in logged()
    assert b"noah@example.com" not in logged()
    assert secrets(visitor).found_in(logged()) == set()
    assert secrets(visitor).found_in(b"".join(one.data for one in failed)) == set()


def fails(secret, *others):
    raise KeyError("missing")


def test_a_failure_of_ours_shows_and_logs_no_secret(
    app, mira, visitor, outbox, secrets, logged, monkeypatch
):
    """The traceback has our lines, and none of what was in the variables then."""
    visitor.ask_mail()
    parts = urlsplit(outbox.link)
    gate = app.extensions["unlatch"].gate
    monkeypatch.setattr(gate.emails, "look", fails)
    monkeypatch.setattr(gate.emails, "finish_by_code", fails)
    app.testing = False  # so that Flask answers as it does for visitors

    failed = [
        visitor.get(f"{parts.path}?{parts.query}"),
        visitor.form(CODE, code=outbox.code),
        visitor.json(CODE, {"code": outbox.code}),
    ]

    assert [one.status_code for one in failed] == [500] * 3
    assert b"KeyError: 'missing'" in logged()
    assert secrets(visitor).found_in(logged()) == set()
    assert secrets(visitor).found_in(b"".join(one.data for one in failed)) == set()


def test_a_secret_in_the_log_would_be_found(mira, visitor, outbox, secrets, logged):
    visitor.ask_mail()
    assert secrets(visitor).found_in(logged()) == set()

    logging.getLogger("somebody").debug("just got %s", outbox.code.lower())

    assert secrets(visitor).found_in(logged()) == {"code"}
    assert b'"event": "just got' in logged()
