"""Freshness by another: who sits at a browser that was left signed in has no passkey of its owner,
but one of their own, answers begun elsewhere, and secrets that were mailed for something else.
"""

import pytest

from unlatch.testing import SoftAuthenticator
from unlatch.testing.authenticator import NoCredential

STEP_UP = "/auth/fresh/passkey"


@pytest.fixture
def left_open(mira, confirm, clock):
    """Mira's browser, signed in and no longer fresh."""
    confirm(mira)
    clock.move(minutes=6)
    return mira


def is_fresh(person):
    return person.get("/vault").status_code == 200


def test_another_accounts_passkey_never_serves(left_open, noah):
    """Asked for whatever it has, a device answers with Noah's passkey."""
    options = left_open.begin_fresh()["publicKey"]
    answer = noah.key.get({"challenge": options["challenge"], "rpId": options["rpId"]})

    refused = left_open.json(STEP_UP, answer)

    assert (refused.status_code, refused.json["error"]) == (401, "passkey_refused")
    assert not is_fresh(left_open)


def test_the_question_asks_for_passkeys_of_this_account_alone(left_open, noah):
    options = left_open.begin_fresh()["publicKey"]

    assert len(options["allowCredentials"]) == 1
    with pytest.raises(NoCredential):
        noah.key.get(options)


@pytest.mark.parametrize("begun", ["sign-in", "step-up", "adding"])
def test_an_answer_to_what_was_begun_elsewhere_never_serves(left_open, begun):
    """With its cookie carried over."""
    elsewhere = left_open.at_another_browser()
    elsewhere.sign_in()
    begins = {
        "sign-in": elsewhere.begin_sign_in,
        "step-up": elsewhere.begin_fresh,
        "adding": elsewhere.begin_passkey,
    }
    options = begins[begun]()["publicKey"]
    answer = left_open.key.get({"challenge": options["challenge"], "rpId": "acme.example"})
    left_open.with_cookies_of(elsewhere, like="-c-")

    refused = left_open.json(STEP_UP, answer)

    assert (refused.status_code, refused.json["error"]) == (401, "ceremony_gone")
    assert not is_fresh(left_open)


def test_an_answer_to_what_was_begun_for_something_else_never_serves(left_open, clock):
    """In this session, while it was fresh."""
    left_open.prove_again()
    clock.move(minutes=4)
    challenge = left_open.begin_passkey()["publicKey"]["challenge"]
    clock.move(minutes=2)

    answer = left_open.key.get({"challenge": challenge, "rpId": "acme.example"})

    assert left_open.json(STEP_UP, answer).json["error"] == "ceremony_gone"
    assert not is_fresh(left_open)


def test_a_proof_gives_a_new_id_and_the_old_one_is_dead(left_open):
    """Whoever had stolen the cookie before does not become fresh with its owner."""
    thief = left_open.at_another_browser(key=SoftAuthenticator())
    thief.set_cookie("__Host-unlatch", left_open.cookies["__Host-unlatch"])
    assert thief.session is not None

    assert left_open.prove_again().status_code == 200

    assert is_fresh(left_open)
    assert thief.session is None


def test_an_answer_begun_before_the_id_changed_is_refused(left_open):
    before = left_open.key.get(left_open.begin_fresh())
    left_open.prove_again()

    refused = left_open.json(STEP_UP, before)

    assert (refused.status_code, refused.json["error"]) == (401, "ceremony_gone")


def test_nobody_signed_in_proves_nothing(left_open):
    answer = left_open.key.get(left_open.begin_fresh())
    left_open.sign_out()

    assert left_open.json(STEP_UP, answer).status_code == 401
    assert left_open.json("/auth/fresh/passkey/options").status_code == 401
    assert left_open.session is None


@pytest.mark.parametrize("path", ["/auth/sign-in/email/code", "/auth/account/email/code"])
def test_a_code_that_proves_again_serves_nothing_else(left_open, outbox, path):
    left_open.form("/auth/fresh/email")

    assert left_open.form(path, code=outbox.code).status_code == 401


def test_a_code_that_signs_in_proves_nothing_again(left_open, outbox):
    left_open.ask_mail()

    assert left_open.form("/auth/fresh/email/code", code=outbox.code).status_code == 401
    assert not is_fresh(left_open)


def test_a_code_asked_for_in_one_session_proves_nothing_in_another(left_open, outbox, clock):
    """Even in the browser that asked, its session exchanged for another of the account's."""
    elsewhere = left_open.at_another_browser()
    elsewhere.sign_in()
    clock.move(minutes=6)
    left_open.form("/auth/fresh/email")
    left_open.set_cookie("__Host-unlatch", elsewhere.cookies["__Host-unlatch"])

    assert left_open.form("/auth/fresh/email/code", code=outbox.code).status_code == 401
    assert not is_fresh(left_open)
