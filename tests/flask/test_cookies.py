"""The cookies: their names, their attributes, what they tell to whoever looks at them."""

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest

from unlatch.testing import Outbox, SoftAuthenticator

CEREMONY = "unlatch-80-c-"


def set_by(answer) -> dict[str, Any]:
    """The cookies an answer sets, by name."""
    found = {}
    for header in answer.headers.getlist("Set-Cookie"):
        ((name, morsel),) = SimpleCookie(header).items()
        found[name] = morsel
    return found


def ceremonies(person) -> dict[str, str]:
    return {name: value for name, value in person.cookies.items() if name.startswith(CEREMONY)}


def all_cookies(person, outbox) -> dict[str, Any]:
    """Every cookie of ours that a way through registration and sign-in sets."""
    seen = set_by(person.register())
    seen |= set_by(person.json("/auth/account/passkeys/options"))
    person.form("/auth/sign-out")
    person.ask_mail()
    opened = person.open_link(outbox.link)
    seen |= set_by(opened)
    return {name: morsel for name, morsel in seen.items() if "unlatch" in name}


def test_cookies_on_https_cannot_be_set_by_anybody_else(new_app, visitor):
    """`__Host-`: not by a sub-domain, not over plain HTTP, not for a part of the site."""
    app = new_app(UNLATCH_ORIGIN="https://example.com")
    outbox = Outbox(app)
    site = "https://example.com"
    person = type(visitor)(app.test_client(), site=site, key=SoftAuthenticator(origin=site))

    seen = all_cookies(person, outbox)

    names = {re.sub(r"-c-.{16}$", "-c-…", name) for name in seen}
    assert names == {
        "__Host-unlatch",
        "__Host-unlatch-c-…",
        "__Host-unlatch-mail",
        "__Host-unlatch-link",
        "__Host-unlatch-browser",
        "__Host-unlatch-account",
    }
    for morsel in seen.values():
        assert morsel["secure"] is True
        assert morsel["httponly"] is True
        assert morsel["samesite"] == "Lax"
        assert morsel["path"] == "/"
        assert morsel["domain"] == ""


def test_cookies_live_as_long_as_the_contract_says(app, outbox, visitor):
    seen = all_cookies(visitor, outbox)

    lives = {re.sub(r"-c-.{16}$", "-c-…", name): int(one["max-age"]) for name, one in seen.items()}
    minutes, days = 60, 86_400
    assert lives == {
        "unlatch-80": 30 * days,
        "unlatch-80-c-…": 6 * minutes,
        "unlatch-80-mail": 15 * minutes,
        "unlatch-80-link": 10 * minutes,
        "unlatch-80-browser": 30 * days,
        "unlatch-80-account": 30 * days,
    }


def test_in_development_names_carry_the_port(app):
    """Cookies ignore ports: two sites on one machine would sign each other out."""
    client = app.test_client()

    answer = client.get("/auth/sign-in", base_url="http://localhost:5003")

    (name,) = set_by(answer)
    assert name.startswith("unlatch-5003-c-")
    (morsel,) = set_by(answer).values()
    assert morsel["secure"] == ""
    assert morsel["httponly"] is True
    assert morsel["samesite"] == "Lax"


def test_a_browser_keeps_at_most_four_ceremonies(visitor, clock):
    for _ in range(7):
        clock.move(seconds=1)
        newest = visitor.begin_sign_in()

        assert len(ceremonies(visitor)) <= 4

    assert len(ceremonies(visitor)) == 4
    assert (
        visitor.json("/auth/sign-in/passkey", foreign_answer(newest)).json["error"]
        == "passkey_refused"
    )


def test_the_oldest_ceremony_goes_first(mira, clock):
    mira.sign_out()
    oldest, *later = [begun for _ in range(5) if (begun := tick(mira, clock))]

    assert mira.json("/auth/sign-in/passkey", mira.key.get(oldest)).json["error"] == "ceremony_gone"
    assert mira.json("/auth/sign-in/passkey", mira.key.get(later[0])).status_code == 200


def tick(person, clock):
    clock.move(seconds=1)
    return person.begin_sign_in()


def foreign_answer(options):
    """Of a key that is not known here."""
    key = SoftAuthenticator()
    key.create(
        {
            "rp": {"id": "localhost"},
            "user": {"id": "AAAA"},
            "challenge": "AAAA",
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        }
    )
    return key.get(options)


def test_a_ceremony_cookie_goes_when_the_ceremony_is_finished(mira):
    mira.sign_out()
    for name in ceremonies(mira):
        mira.drop_cookie(name)
    other = mira.begin_sign_in()
    kept = set(ceremonies(mira))

    mira.sign_in()

    assert set(ceremonies(mira)) == kept
    assert mira.json("/auth/sign-in/passkey", mira.key.get(other)).status_code == 200


def test_ceremony_cookies_tell_nothing_by_their_length(mira, visitor):
    """Whatever it is for, and whether or not anybody is called that."""
    mira.begin_passkey()
    mira.begin_fresh()
    visitor.begin_sign_in()
    visitor.begin_sign_in(identifier="mira")
    visitor.begin_sign_in(identifier="nobody-at-all")

    lengths = {len(one) for person in (mira, visitor) for one in ceremonies(person).values()}

    assert len(lengths) == 1


@pytest.mark.parametrize("value", ["A" * 43, "nonsense", "", "A" * 4000, "é", "A" * 42 + "="])
def test_an_unknown_session_id_never_changes_the_cookie(visitor, value):
    """Else whoever can plant one could sign people out, or tell what is known here."""
    visitor.set_cookie("unlatch-80", value)

    for path in ("/auth/account", "/auth/sign-in", "/auth/session", "/notes"):
        answer = visitor.get(path)
        assert "unlatch-80" not in set_by(answer), path


def test_no_cookie_is_written_that_need_not_change(mira):
    mira.get("/auth/account")  # the toast of the passkey was the last that had to change
    for path in ("/auth/account", "/auth/session", "/auth/account/passkeys/new", "/notes", "/"):
        assert set_by(mira.get(path)) == {}, path


@pytest.mark.parametrize("suffix", ["-mail", "-link", "-browser", "-account", "-c-" + "A" * 16])
@pytest.mark.parametrize("value", ["", "nonsense", "A" * 200, "é"])
def test_a_cookie_that_is_not_ours_is_as_good_as_none(visitor, suffix, value):
    visitor.set_cookie(f"unlatch-80{suffix}", value)

    assert visitor.get("/auth/sign-in").status_code == 200
    assert visitor.get("/auth/sign-in/email").status_code == 303
    assert visitor.get("/auth/sign-in/email/link").status_code == 401
    assert visitor.json("/auth/sign-in/passkey/options", {"remembered": True}).status_code == 200
    assert visitor.form("/auth/sign-in/email").status_code == 422


def test_what_is_sealed_for_one_cookie_opens_as_no_other(mira, visitor):
    """Else a browser cookie could be passed off as the account it remembers."""
    sealed = mira.cookies
    for name in ("-browser", "-account", "-mail"):
        for other in ("-browser", "-account", "-mail", "-link"):
            if name != other:
                visitor.set_cookie(f"unlatch-80{other}", sealed[f"unlatch-80{name}"])
        assert "Welcome back" not in visitor.get("/auth/sign-in").text
        assert visitor.get("/auth/sign-in/email/link").status_code == 401
        for other in ("-browser", "-account", "-mail", "-link"):
            visitor.drop_cookie(f"unlatch-80{other}")


def test_a_browser_remembers_the_account_until_told_otherwise(mira):
    mira.sign_out()
    assert "Mira Okafor" in mira.get("/auth/sign-in").text

    mira.form("/auth/sign-in/switch")

    assert "Mira Okafor" not in mira.get("/auth/sign-in").text
    assert "unlatch-80-account" not in mira.cookies


def test_only_a_success_is_remembered(mira, visitor):
    visitor.form("/auth/sign-in", identifier="mira")
    visitor.ask_mail("mira")

    assert "unlatch-80-account" not in visitor.cookies
    assert "Mira" not in visitor.get("/auth/sign-in").text


def test_cookies_tell_no_account_and_no_address(mira, visitor):
    """They are sealed: what is inside is for us alone."""
    visitor.ask_mail("mira@example.com")
    account = mira.session["account"]["id"]

    for value in (*mira.cookies.values(), *visitor.cookies.values()):
        assert "mira" not in value.lower()
        assert account not in value
