"""A passkey added without a fresh proof: five minutes at a browser that was left signed in would be
a way in for ever.
"""

import pytest

from unlatch.testing import SoftAuthenticator

OPTIONS = "/auth/account/passkeys/options"
FINISH = "/auth/account/passkeys"


@pytest.fixture
def key():
    """The attacker's own."""
    return SoftAuthenticator(origin="https://acme.example")


@pytest.fixture
def left_open(mira, confirm, clock):
    """Mira's browser, signed in and no longer fresh."""
    confirm(mira)
    clock.move(minutes=5, seconds=1)
    return mira


def test_it_cannot_begin(left_open):
    refused = left_open.json(OPTIONS)

    assert (refused.status_code, refused.json["error"]) == (403, "fresh_sign_in_required")
    assert left_open.get("/auth/account/passkeys/new").location.startswith("/auth/fresh")


def test_nor_finish_what_another_session_began(left_open, key, kept):
    """With its ceremony's cookie carried over."""
    elsewhere = left_open.at_another_browser()
    elsewhere.sign_in()
    options = elsewhere.begin_passkey()
    options["publicKey"]["excludeCredentials"] = []
    left_open.with_cookies_of(elsewhere, like="-c-")

    refused = left_open.json(FINISH, key.create(options))

    assert (refused.status_code, refused.json["error"]) == (401, "ceremony_gone")
    assert len(kept.passkeys()) == 1


def test_nor_begin_as_another_account_and_finish_as_this(left_open, noah, key, kept):
    answer = key.create(noah.begin_passkey())
    left_open.with_cookies_of(noah, like="-c-")

    assert left_open.json(FINISH, answer).status_code == 401
    assert len(kept.passkeys()) == 1


def test_nor_hold_a_fresh_beginning_back_for_later(mira, key, clock, kept):
    """A ceremony may take its time, but no more than six minutes."""
    answer = key.create(mira.begin_passkey())
    clock.move(minutes=6, seconds=1)

    refused = mira.json(FINISH, answer)

    assert (refused.status_code, refused.json["error"]) == (401, "ceremony_gone")
    assert len(kept.passkeys()) == 1


def test_nor_make_the_proof_of_a_mail_asked_for_elsewhere(left_open, outbox):
    """The code is Mira's, read over her shoulder; the browser is not the one that asked."""
    elsewhere = left_open.at_another_browser()
    elsewhere.sign_in()
    elsewhere.form("/auth/fresh/email")

    assert left_open.form("/auth/fresh/email/code", code=outbox.code).status_code == 401
    assert left_open.json(OPTIONS).status_code == 403


def test_whoever_does_add_one_is_told_of_by_mail_at_once(left_open, key, outbox):
    left_open.prove_again()
    assert left_open.add_passkey(key).status_code == 201

    assert "A passkey was added" in outbox.last["Subject"]
    assert outbox.last["To"] == "mira@example.com"
