"""A site that is sent anything, and what each of its answers must be nonetheless."""

import re
from dataclasses import dataclass
from functools import cache
from http.cookies import SimpleCookie
from tempfile import TemporaryDirectory

from flask import Flask
from people import Person
from werkzeug.test import TestResponse
from whatwg import origin_of

from unlatch import Unlatch
from unlatch.flask.words import REASONS
from unlatch.testing import SoftAuthenticator

ORIGIN = "https://acme.example"
KEY = "KeysOfASiteThatIsSentAnything-0123456789"
FIELDS = ("name", "username", "email", "identifier", "next", "code", "remembered")
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Way:
    """A method and an address, with a place for each id in it."""

    method: str
    rule: str

    def path(self, some_id: str) -> str:
        return re.sub(r"<[^>]+>", lambda _: some_id, self.rule)


@cache
def app() -> Flask:
    """One for all; `besieged` empties it."""
    folder = TemporaryDirectory(prefix="unlatch-besieged-")
    host = Flask("host", instance_path=folder.name, root_path=folder.name)
    host.extensions["folder"] = folder  # goes with the process
    host.config.update(
        TESTING=True,  # what is no refusal comes out as it was raised
        UNLATCH_DEVELOPMENT="1",  # for a database in memory; all else is as in production
        UNLATCH_DATABASE_URL="memory:",
        UNLATCH_ORIGIN=ORIGIN,
        UNLATCH_SECRET_KEYS=KEY,
    )
    Unlatch(host)
    return host


def every_way(*, changing: bool) -> list[Way]:
    """Every address of ours but static files, by the map that requests are led by; what signs
    out comes last.
    """
    found = {
        Way(method, rule.rule)
        for rule in app().url_map.iter_rules()
        if rule.endpoint.startswith("unlatch.") and rule.endpoint != "unlatch.static"
        for method in (rule.methods or set()) - {"OPTIONS"}
        if (method in CHANGING) == changing
    }
    return sorted(found, key=lambda way: ("out" in way.rule, way.rule, way.method))


def besieged() -> Person:
    """Mira, just registered and with a passkey, on a site where nobody was before."""
    state = app().extensions["unlatch"]
    state._made.clear()
    state.sender.worker = "nobody"
    mira = Person(app().test_client(), site=ORIGIN, key=SoftAuthenticator(origin=ORIGIN))
    mira.register()
    assert mira.add_passkey().status_code == 201
    return mira


def check(answer: TestResponse, face: str) -> None:
    """It is an answer of ours: no failure, all headers, one shape of refusal, and nothing that
    leads away from the site.
    """
    assert answer.status_code < 500, answer.text
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert {"Accept", "Cookie"} <= set(answer.vary)
    _keeps_its_cookies_safe(answer)
    if answer.request.method == "HEAD":
        return
    _stays(answer)
    if face == "json" and answer.status_code >= 400:
        assert answer.mimetype == "application/json", answer.text
    if answer.mimetype == "application/json":
        _has_one_shape(answer)


def _stays(answer: TestResponse) -> None:
    told = answer.json.get("next") if isinstance(answer.json, dict) else None
    for way in (answer.headers.get("Location"), answer.headers.get("HX-Redirect"), told):
        if way is not None:
            assert origin_of(way, f"{ORIGIN}/auth/sign-in") == ORIGIN, way


def _keeps_its_cookies_safe(answer: TestResponse) -> None:
    for header in answer.headers.getlist("Set-Cookie"):
        for name, cookie in SimpleCookie(header).items():
            if name != "session":  # Flask's own, for toasts
                assert name.startswith("__Host-unlatch")
                assert cookie["secure"]
                assert cookie["httponly"]
                assert (cookie["samesite"], cookie["path"]) == ("Lax", "/")
                assert not cookie["domain"]
                assert len(cookie.value) < 4000  # more, and browsers keep none of it


def _has_one_shape(answer: TestResponse) -> None:
    if answer.status_code < 400:
        return
    told = answer.json
    assert isinstance(told, dict)
    assert REASONS[told["error"]].status == answer.status_code
    assert isinstance(told["message"], str)
    assert told["message"]
    known = {"error", "message", "fields", "tries_left", "retry_after", "next", "unknown_passkey"}
    assert set(told) <= known
    assert all(isinstance(words, str) for words in told.get("fields", {}).values())
