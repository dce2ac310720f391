"""Sessions: how they end, what they remember, and how seldom that is written."""

from contextlib import closing

import pytest

from unlatch.errors import StoreError


def test_a_session_ends_when_nobody_came_for_a_day(mira, clock):
    clock.move(hours=23)
    assert mira.get("/notes").status_code == 200
    clock.move(hours=23)
    assert mira.get("/notes").status_code == 200

    clock.move(hours=24, seconds=1)

    assert mira.get("/notes").location == "/auth/sign-in?next=/notes"
    assert mira.session is None


def test_a_session_ends_after_thirty_days_however_busy(mira, clock):
    for _ in range(59):
        clock.move(hours=12)
        assert mira.get("/notes").status_code == 200

    clock.move(hours=12)

    assert mira.get("/notes").status_code == 303


def test_a_host_sets_how_long_sessions_live(new_app, visitor, clock):
    hours = {"UNLATCH_SESSION_IDLE": 3600, "UNLATCH_SESSION_MAX": "7200"}
    person = type(visitor)(new_app(**hours).test_client())

    person.register()
    clock.move(minutes=59)
    assert person.get("/notes").status_code == 200
    clock.move(minutes=59)
    assert person.get("/notes").status_code == 200
    clock.move(minutes=3)
    assert person.get("/notes").status_code == 303  # two hours

    person.register(username="ada", email="ada@example.com")
    clock.move(minutes=61)
    assert person.get("/notes").status_code == 303  # one hour idle


def test_when_a_session_was_seen_is_written_every_ten_minutes_at_most(mira, clock, kept):
    def seen():
        (session,) = kept.stores.sessions.of(kept.account().id, now=0, idle=0)
        return session.last_seen_at

    began, written = seen(), set()
    for _ in range(60):
        clock.move(minutes=1)
        mira.get("/notes")
        written.add(seen())

    assert len(written - {began}) == 6


def test_not_being_able_to_write_that_fails_no_request(mira, clock, app, monkeypatch):
    def fail(*_, **__):
        raise StoreError("read-only")

    clock.move(minutes=11)
    monkeypatch.setattr(app.extensions["unlatch"].stores.sessions, "touch", fail)

    assert mira.get("/notes").status_code == 200


def test_a_session_of_another_browser_is_ended_by_its_button(mira, read):
    other = mira.at_another_browser()
    other.sign_in()
    (end,) = [one for one in read(mira.get("/auth/account")).actions() if one.endswith("/end")]

    answer = mira.form(end)

    assert (answer.status_code, answer.location) == (303, "/auth/account")
    assert other.session is None
    assert other.get("/notes").status_code == 303
    assert mira.method == "registration"


def test_nobody_ends_anothers_session(mira, noah, read):
    mira.at_another_browser().sign_in()
    (end,) = [one for one in read(mira.get("/auth/account")).actions() if one.endswith("/end")]

    assert noah.form(end).status_code == 404
    assert mira.form(end).status_code == 303
    assert mira.form(end).status_code == 404


def test_this_browsers_session_has_no_such_button(mira, read):
    actions = read(mira.get("/auth/account")).actions()

    assert actions == ["/auth/sign-out"]


def test_signing_out_ends_the_session_everywhere(mira):
    stolen = mira.at_another_browser()
    stolen.set_cookie("unlatch-80", mira.cookies["unlatch-80"])
    assert stolen.method == "registration"

    answer = mira.sign_out()

    assert (answer.status_code, answer.location) == (303, "/auth/sign-in")
    assert "unlatch-80" not in mira.cookies
    assert stolen.session is None


def test_signing_out_twice_is_no_error(mira):
    assert [mira.sign_out().status_code for _ in range(2)] == [303, 303]


@pytest.mark.parametrize("way", ["passkey", "mail"])
def test_signing_in_gives_a_new_token_and_ends_the_session_before(mira, outbox, way):
    before = mira.at_another_browser()
    before.set_cookie("unlatch-80", mira.cookies["unlatch-80"])

    if way == "passkey":
        mira.sign_in()
    else:
        mira.ask_mail()
        mira.type_code(outbox.code)

    assert mira.cookies["unlatch-80"] != before.cookies["unlatch-80"]
    assert before.session is None
    assert mira.method in ("passkey", "email")


@pytest.mark.parametrize("way", ["passkey", "mail"])
def test_proving_again_gives_a_new_token_to_the_same_session(mira, outbox, way):
    """A stolen one must not become fresh."""
    before = mira.at_another_browser()
    before.set_cookie("unlatch-80", mira.cookies["unlatch-80"])
    began = mira.session["signed_in_at"]

    if way == "passkey":
        mira.prove_again()
    else:
        mira.form("/auth/fresh/email")
        mira.form("/auth/fresh/email/code", code=outbox.code)

    assert before.session is None
    assert mira.method == "registration"
    assert mira.session["signed_in_at"] == began


def test_a_planted_session_is_not_the_one_that_is_signed_in(mira, visitor):
    """Fixation: whatever a browser brings, a success gives it another."""
    visitor.set_cookie("unlatch-80", "A" * 43)
    visitor.key = mira.key

    visitor.sign_in()

    assert visitor.cookies["unlatch-80"] != "A" * 43


def test_only_the_hash_of_a_token_is_kept(mira, app):
    token = mira.cookies["unlatch-80"]
    app.extensions["unlatch"].stores.close()

    for file in app.extensions["unlatch"].folder.glob("unlatch.sqlite*"):
        assert token.encode() not in (file.read_bytes() if file.is_file() else b"")


@pytest.mark.parametrize("way", ["passkey", "mail"])
def test_an_account_has_twenty_sessions_and_the_least_seen_ends(mira, outbox, clock, confirm, way):
    confirm(mira)
    others = [mira.at_another_browser() for _ in range(20)]
    last = others[-1]
    for other in others[:-1]:
        clock.move(seconds=1)
        assert other.sign_in().status_code == 200
    assert mira.session

    if way == "passkey":
        last.sign_in()
    else:
        last.ask_mail()
        last.type_code(outbox.code)

    assert mira.session is None
    assert all(one.session for one in others)


def test_a_disabled_account_is_signed_out_everywhere(mira, kept):
    other = mira.at_another_browser()
    other.sign_in()

    with kept.stores.unit() as unit:
        unit.accounts.disable(kept.account().id, now=1)

    assert mira.session is None
    assert other.get("/notes").status_code == 303


def test_the_account_page_tells_where_one_is_signed_in(mira):
    other = mira.at_another_browser()
    other.sign_in()

    text = mira.get("/auth/account").text

    assert text.count("this browser") == 1
    assert "By creating the account" in text
    assert "By passkey" in text


def test_one_browsers_session_is_not_anothers(mira, visitor):
    assert visitor.session is None
    assert visitor.get("/").text == "Hello stranger"
    assert mira.get("/").text == "Hello Mira Okafor"


def test_what_one_request_knows_the_next_does_not(app, mira):
    """Somebody may have pushed an app context around several requests."""
    with app.app_context():
        assert mira.get("/").text == "Hello Mira Okafor"
        assert app.test_client().get("/").text == "Hello stranger"


def test_what_one_app_knows_another_does_not(new_app, visitor, monkeypatch):
    """A middleware may ask several with one environment; this account is the first one's alone."""
    first, second = new_app(), new_app()
    mira = type(visitor)(first.test_client())
    mira.register()
    assert mira.get("/").text == "Hello Mira Okafor"

    monkeypatch.setattr(first, "wsgi_app", _one_after_the_other(first.wsgi_app, second))

    assert mira.get("/").text == "Hello stranger"
    assert mira.get("/notes").status_code == 303


def test_a_request_that_is_tried_again_is_answered_once(app, mira, monkeypatch):
    monkeypatch.setattr(app, "wsgi_app", _one_after_the_other(app.wsgi_app, app.wsgi_app))

    given = mira.sign_out().headers.getlist("Set-Cookie")

    assert given
    assert len({one.partition("=")[0] for one in given}) == len(given)


def _one_after_the_other(first, second):
    """An app that gives the second one's answer."""

    def asked(environ, start_response):
        with closing(first(environ, lambda *_: lambda _: None)) as answer:
            list(answer)
        return second(environ, start_response)

    return asked
