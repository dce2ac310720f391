"""A session id in a thief's hands: how long it is good for him, and how its owner ends it."""

import pytest
from people import Page

SESSION = "__Host-unlatch"


@pytest.fixture
def thief(mira):
    """Has the session id of her browser, and nothing else."""
    thief = mira.at_another_browser()
    thief.set_cookie(SESSION, mira.cookies[SESSION])
    assert thief.session
    return thief


def is_out(person):
    """On our pages and on the host's."""
    return person.session is None and person.get("/notes").status_code == 303


def test_signing_out_ends_it_everywhere_at_once(mira, thief):
    mira.sign_out()

    assert is_out(thief)


def test_its_owner_ends_it_from_another_browser(mira, thief):
    other = mira.at_another_browser()
    other.sign_in()
    (end,) = [a for a in Page(other.get("/auth/account").text).actions() if a.endswith("/end")]

    assert other.form(end).status_code == 303

    assert is_out(thief)
    assert other.session


def test_a_thief_ends_no_session_that_is_not_that_accounts(mira, noah):
    noah.at_another_browser().sign_in()
    (end,) = [a for a in Page(noah.get("/auth/account").text).actions() if a.endswith("/end")]

    assert mira.form(end).status_code == 404
    assert mira.json(end).json["error"] == "not_found"
    assert noah.form(end).status_code == 303


def test_it_ends_when_nobody_used_it_for_a_day(thief, clock):
    clock.move(hours=24, seconds=1)

    assert is_out(thief)


def test_it_ends_after_thirty_days_however_busy_the_thief(thief, clock):
    for _ in range(33):
        assert thief.session
        clock.move(hours=22)

    assert is_out(thief)


def test_what_takes_away_wants_more_than_a_session(mira, thief, clock):
    clock.move(minutes=6)
    (passkey,) = mira.passkeys()

    asked = [
        thief.json("/auth/account/passkeys/options"),
        thief.json(f"/auth/account/passkeys/{passkey['id']}", method="DELETE"),
        thief.json("/auth/account/email", {"email": "thief@example.com"}),
    ]

    assert [one.json["error"] for one in asked] == ["fresh_sign_in_required"] * 3


def test_it_does_not_become_fresh_with_its_owners_proof(mira, thief, clock):
    clock.move(minutes=6)

    mira.prove_again()

    assert is_out(thief)


def test_the_twenty_first_session_ends_the_least_recently_seen(mira, thief, clock):
    others = [mira.at_another_browser() for _ in range(20)]
    for other in others[:-1]:
        clock.move(minutes=11)
        other.sign_in()
    clock.move(minutes=11)
    assert others[0].session  # seen just now; hers is the longest ago

    others[-1].sign_in()

    assert is_out(thief)
    assert all(one.session for one in others)


def test_nothing_that_is_shown_or_logged_holds_the_id(mira, caplog):
    token = mira.cookies[SESSION]

    for path in ("/auth/account", "/auth/session", "/auth/nothing", "/notes"):
        for face in ("page", "htmx", "json"):
            assert token not in mira.get(path, face).text
    assert token not in caplog.text


def test_a_copied_cookie_greets_nobody_after_its_thirty_days(mira, clock):
    """A browser drops it by then; whoever copied it does not."""
    cookie = "__Host-unlatch-account"
    thief, copied = mira.at_another_browser(), mira.cookies[cookie]

    def is_greeted():
        thief.set_cookie(cookie, copied)
        return thief.get("/auth/sign-in", "json").json["step"] == "method"

    clock.move(days=29)
    assert is_greeted()
    clock.move(days=1)
    assert not is_greeted()
