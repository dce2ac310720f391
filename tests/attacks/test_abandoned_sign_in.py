"""A shared browser: somebody begins to sign in and leaves; what they left must neither show
them to the next, nor let the next in as them, nor turn into the next one's session.
"""

import pytest

from unlatch.testing import SoftAuthenticator


@pytest.fixture
def shared(mira, visitor, confirm):
    """A browser where Mira begins; her address is confirmed."""
    confirm(mira)
    return visitor


@pytest.fixture
def as_noah(shared, noah):
    """`as_noah(way)`: the next one at that browser, signed in with a key of his own or as
    somebody new.
    """

    def come(way):
        if way == "register":
            shared.register(username="ada", email="ada@example.com")
        else:
            shared.key = noah.key
            assert shared.sign_in().status_code == 200

    return come


WAYS = ["passkey", "register"]


@pytest.mark.parametrize("way", WAYS)
def test_the_mail_that_was_asked_for_opens_nothing_for_the_next(shared, as_noah, outbox, way):
    """Else Noah goes on as Mira without noticing; and whoever put it there waits for that."""
    shared.ask_mail("mira@example.com")
    link, code = outbox.link, outbox.code
    as_noah(way)
    who = shared.session["account"]["username"]

    opened = shared.open_link(link)
    spent = shared.json("/auth/sign-in/email/link")
    typed = shared.json("/auth/sign-in/email/code", {"code": code})

    assert "Open this on the device where you started" in opened.text
    assert (spent.status_code, typed.status_code) == (401, 401)
    assert typed.json["error"] == "mail_gone"
    assert shared.session["account"]["username"] == who


@pytest.mark.parametrize("way", WAYS)
def test_an_opened_link_is_no_button_for_the_next(shared, as_noah, outbox, way):
    shared.ask_mail("mira@example.com")
    shared.open_link(outbox.link)
    assert "Mira" in shared.get("/auth/sign-in/email/link").text

    as_noah(way)

    assert "Mira" not in shared.get("/auth/sign-in/email/link").text
    assert shared.json("/auth/sign-in/email/link").status_code == 401


@pytest.mark.parametrize("way", WAYS)
def test_what_was_typed_is_not_shown_to_the_next(shared, as_noah, outbox, way):
    """Neither on the page that waits for the code nor at the address in the history."""
    history = shared.form("/auth/sign-in", identifier="mira@example.com").location
    shared.ask_mail("mira@example.com")
    assert "mira@example.com" in shared.get(history).text

    as_noah(way)
    shared.sign_out()

    for path in (history, "/auth/sign-in/email", "/auth/sign-in"):
        assert "mira@example.com" not in shared.get(path).text, path


def test_using_another_account_leaves_the_first_ones_mail_behind(mira, outbox):
    mira.sign_out()
    mira.ask_mail()
    mira.open_link(outbox.link)

    mira.form("/auth/sign-in/switch")

    assert mira.get("/auth/sign-in/email").location == "/auth/sign-in"
    assert mira.json("/auth/sign-in/email/link").status_code == 401


@pytest.mark.parametrize("kind", ["add a passkey", "prove again"])
def test_a_ceremony_of_one_session_is_none_of_the_next(mira, noah, kind):
    """Else a device that answers late gives Noah's account a passkey of Mira's."""
    if kind == "add a passkey":
        answer, path = (
            SoftAuthenticator(origin=mira.site).create(mira.begin_passkey()),
            "/auth/account/passkeys",
        )
    else:
        answer, path = mira.key.get(mira.begin_fresh()), "/auth/fresh/passkey"
    mira.sign_out()
    mira.key = noah.key
    mira.sign_in()

    late = mira.json(path, answer)

    assert (late.status_code, late.json["error"]) == (401, "ceremony_gone")


def test_a_code_that_one_session_asked_for_proves_nothing_in_the_next(mira, noah, outbox):
    mira.form("/auth/fresh/email")
    code = outbox.code
    mira.sign_out()
    mira.key = noah.key
    mira.sign_in()

    assert mira.json("/auth/fresh/email/code", {"code": code}).json["error"] == "mail_gone"


def test_a_confirmation_of_one_account_confirms_no_other(visitor, noah, outbox):
    visitor.register(username="ada", email="ada@example.com")
    code = outbox.code
    visitor.key = noah.key
    visitor.sign_in()

    refused = visitor.json("/auth/account/email/code", {"code": code})

    assert refused.status_code == 401
    assert visitor.session["account"]["email"] is None
