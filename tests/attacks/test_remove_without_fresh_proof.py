"""A passkey removed, or the address changed, without a fresh proof by a passkey: whoever is at a
browser that was left signed in, or in the mailbox, would lock the owner out.
"""

import pytest

from unlatch.testing import SoftAuthenticator

PASSKEYS = "/auth/account/passkeys"


def removals(person):
    """Every way to remove the first passkey: method, path, face."""
    one = f"{PASSKEYS}/{person.passkeys()[0]['id']}"
    return [
        ("GET", f"{one}/remove", "page"),
        ("POST", f"{one}/remove", "page"),
        ("POST", f"{one}/remove", "htmx"),
        ("POST", f"{one}/remove", "json"),
        ("DELETE", one, "json"),
    ]


def all_refused(person):
    for method, path, face in removals(person):
        answer = person.ask(method, path, face)
        if face == "json":
            assert (answer.status_code, answer.json["error"]) == (403, "fresh_sign_in_required")
        else:
            to = answer.headers.get("HX-Redirect") or answer.headers["Location"]
            assert to.startswith("/auth/fresh?next=")
    return True


def test_not_from_a_browser_left_signed_in(mira, confirm, clock, kept):
    confirm(mira)
    clock.move(minutes=5, seconds=1)

    assert all_refused(mira)
    assert len(kept.passkeys()) == 1


def test_not_on_a_mailed_code(mira, confirm, outbox, clock, kept):
    confirm(mira)
    clock.move(minutes=6)
    mira.form("/auth/fresh/email")
    mira.form("/auth/fresh/email/code", code=outbox.code)
    assert mira.get("/vault").status_code == 200

    assert all_refused(mira)
    assert len(kept.passkeys()) == 1


def test_not_in_a_session_that_began_by_mail(mira, confirm, outbox, kept):
    confirm(mira)
    thief = mira.at_another_browser(key=SoftAuthenticator())
    thief.ask_mail()
    thief.type_code(outbox.code)

    assert all_refused(thief)
    assert len(kept.passkeys()) == 1


def test_not_on_a_proof_given_in_another_session(mira, confirm, clock, kept):
    confirm(mira)
    clock.move(minutes=6)
    elsewhere = mira.at_another_browser()
    elsewhere.sign_in()

    assert all_refused(mira)
    assert len(kept.passkeys()) == 1


def test_nobody_removes_anothers(mira, noah, kept):
    """However fresh: an account has its own passkeys and no others."""
    for method, path, face in removals(mira):
        assert noah.ask(method, path, face).status_code == 404
    assert len(kept.passkeys()) == 1


@pytest.mark.parametrize("face", ["page", "htmx", "json"])
def test_nor_is_the_address_changed(mira, clock, face):
    clock.move(minutes=5, seconds=1)

    answer = mira.form("/auth/account/email", face, email="thief@example.com")

    assert answer.status_code == {"page": 303, "htmx": 200, "json": 403}[face]
    assert mira.session["account"]["unconfirmed_email"] == "mira@example.com"


def test_a_confirmed_address_is_changed_by_nobody(mira, confirm):
    confirm(mira)

    assert mira.form("/auth/account/email", email="thief@example.com").status_code == 404
    assert mira.session["account"]["email"] == "mira@example.com"


def test_the_owner_is_told_and_browsers_it_signed_in_are_signed_out(mira, confirm, outbox, clock):
    confirm(mira)
    elsewhere = mira.at_another_browser()
    elsewhere.sign_in()
    clock.move(minutes=6)
    mira.prove_again()

    mira.form(f"{PASSKEYS}/{mira.passkeys()[0]['id']}/remove")

    assert elsewhere.session is None
    assert mira.session is not None
    assert "A passkey was removed" in outbox.last["Subject"]
