"""A page that is left open is no attack, but refusing a good touch after lunch teaches people to
distrust their passkeys: what the server owes such a page. The page's half, beginning anew by
itself, is in tests/browser.
"""

import pytest


def test_after_ten_minutes_it_is_told_so_and_new_options_work(mira, clock):
    mira.sign_out()
    begun = mira.begin_sign_in()
    clock.move(minutes=10)

    late = mira.json("/auth/sign-in/passkey", mira.key.get(begun))
    again = mira.json("/auth/sign-in/passkey", mira.key.get(mira.begin_sign_in()))

    assert (late.status_code, late.json["error"]) == (401, "ceremony_gone")
    assert again.status_code == 200


@pytest.mark.parametrize(("minutes", "error"), [(5, None), (6.1, "ceremony_gone")])
def test_the_whole_of_the_browsers_own_time_is_good(mira, clock, minutes, error):
    """The options say five minutes; the answer has one more for the way."""
    mira.sign_out()
    begun = mira.begin_sign_in()
    assert begun["publicKey"]["timeout"] == 300_000
    clock.move(minutes=minutes)

    answer = mira.json("/auth/sign-in/passkey", mira.key.get(begun))

    assert answer.json.get("error") == error


def test_autofills_options_on_the_page_can_be_renewed_from_it(mira, clock):
    """As the page does every four minutes; the browser's cookies of the old ones are no harm."""
    mira.sign_out()
    mira.form("/auth/sign-in/switch")
    options = mira.get("/auth/sign-in", "json").json
    for _ in range(5):
        clock.move(minutes=4)
        options = mira.begin_sign_in()

    assert mira.json("/auth/sign-in/passkey", mira.key.get(options)).status_code == 200


def test_proving_again_begins_anew_too(mira, clock):
    begun = mira.begin_fresh()
    clock.move(minutes=10)

    assert mira.json("/auth/fresh/passkey", mira.key.get(begun)).json["error"] == "ceremony_gone"
    assert mira.prove_again().status_code == 200


def test_a_form_that_lay_open_for_hours_is_taken(mira, clock):
    """There is no token in it that could expire."""
    mira.get("/auth/account")
    clock.move(hours=20)

    assert mira.form("/auth/sign-out").location == "/auth/sign-in"
    assert mira.session is None


def test_a_code_page_that_lay_open_leads_to_a_new_mail(mira, visitor, outbox, clock):
    visitor.ask_mail("mira")
    code = outbox.code
    clock.move(minutes=11)

    gone = visitor.type_code(code)
    visitor.ask_mail("mira")

    assert gone.status_code == 401
    assert "/auth/sign-in/email" in gone.text
    assert visitor.type_code(outbox.code).status_code == 303
