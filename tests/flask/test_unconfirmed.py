"""An address belongs to nobody until it is proved: what that means, and who proves it first."""

import pytest

from unlatch.testing import SoftAuthenticator

CONFIRM_LINK = "/auth/account/email/link"
CONFIRM_CODE = "/auth/account/email/code"
SIGN_IN_LINK = "/auth/sign-in/email/link"


def claim(owner, outbox):
    """The owner of the address signs in by mail, at a browser of their own."""
    owner.ask_mail()
    return owner.type_code(outbox.code)


def test_the_host_is_told_no_address_that_nobody_proved(mira, confirm):
    assert mira.session["account"]["email"] is None
    assert mira.session["account"]["unconfirmed_email"] == "mira@example.com"
    assert "not confirmed" in mira.get("/auth/account").text

    confirm(mira)

    assert mira.session["account"]["email"] == "mira@example.com"
    assert mira.session["account"]["unconfirmed_email"] is None
    assert "not confirmed" not in mira.get("/auth/account").text


def test_a_host_may_want_a_proved_address(mira, visitor, confirm):
    assert mira.get("/members").location == "/auth/account/email?next=/members"
    assert (
        mira.get("/members", "htmx").headers["HX-Redirect"] == "/auth/account/email?next=/members"
    )
    told = mira.get("/members", "json")
    assert (told.status_code, told.json["error"]) == (403, "address_unconfirmed")
    assert visitor.get("/members").location == "/auth/sign-in?next=/members"

    confirm(mira)

    assert mira.get("/members").text == "Mail of mira@example.com"


def test_the_code_confirms_and_changes_nothing_else(outbox, visitor, kept):
    visitor.register()
    token, code = visitor.cookies["unlatch-80"], outbox.code

    answer = visitor.form(CONFIRM_CODE, code=code, next="/members")

    assert (answer.status_code, answer.location) == (303, "/members")
    assert visitor.session["account"]["email"] == "mira@example.com"
    assert visitor.session["account"]["name"] == "Mira Okafor"
    assert visitor.cookies["unlatch-80"] == token
    assert kept.kinds() == ["registered", "signed_in", "address_confirmed"]


def test_the_link_confirms_by_its_button_and_changes_nothing_else(outbox, visitor):
    visitor.register()
    opened = visitor.open_link(outbox.link)
    assert (opened.status_code, opened.location) == (303, CONFIRM_LINK)
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert "Confirm my address" in visitor.get(CONFIRM_LINK).text
    assert visitor.session["account"]["email"] is None

    answer = visitor.form(CONFIRM_LINK)

    assert (answer.status_code, answer.location) == (303, "/auth/account")
    assert visitor.session["account"]["email"] == "mira@example.com"
    assert visitor.session["account"]["name"] == "Mira Okafor"


@pytest.mark.parametrize("face", ["page", "htmx", "json"])
def test_confirming_answers_in_every_face(outbox, visitor, face):
    visitor.register()

    if face == "json":
        answer = visitor.json(CONFIRM_CODE, {"code": outbox.code})
        assert answer.json == {"next": "/auth/account"}
    else:
        answer = visitor.form(CONFIRM_CODE, face, code=outbox.code)
        assert answer.headers["Location" if face == "page" else "HX-Redirect"] == "/auth/account"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_the_link_confirms_nothing(outbox, visitor, method):
    visitor.register()
    for _ in range(6):
        visitor.ask(method, outbox.link.removeprefix("http://localhost"))
        visitor.ask(method, CONFIRM_LINK)

    assert visitor.session["account"]["email"] is None
    visitor.form(CONFIRM_LINK)
    assert visitor.session["account"]["email"] == "mira@example.com"


def test_elsewhere_the_link_confirms_nothing(outbox, visitor, noah):
    visitor.register()
    visitors = outbox.link

    for person, refused in ((noah, 401), (visitor.at_another_browser(), 303)):
        opened = person.open_link(visitors)
        assert "where you started" in opened.text
        assert "Set-Cookie: unlatch" not in str(opened.headers)
        assert person.form(CONFIRM_LINK).status_code == refused
    assert visitor.session["account"]["email"] is None


def test_a_code_confirms_the_account_it_was_mailed_for_alone(outbox, visitor):
    """Two accounts made in one browser share its binding."""
    visitor.register()
    code = outbox.code
    visitor.sign_out()
    visitor.register(username="ada", email="ada@example.com")
    later = outbox.code
    visitor.sign_out()

    visitor.register(username="eve", email="eve@example.com")

    assert visitor.form(CONFIRM_CODE, code=code).status_code == 401
    assert visitor.form(CONFIRM_CODE, code=later).status_code == 401
    assert visitor.session["account"]["email"] is None


def test_five_wrong_codes_end_a_confirmation(outbox, visitor):
    visitor.register()
    for left in (4, 3, 2, 1, 0):
        answer = visitor.json(CONFIRM_CODE, {"code": "ABCDEFGH"})
        assert (answer.json["error"], answer.json["tries_left"]) == ("wrong_code", left)

    assert visitor.json(CONFIRM_CODE, {"code": outbox.code}).json["error"] == "mail_gone"


def test_the_confirmation_is_sent_again_after_a_minute(outbox, visitor, clock):
    visitor.register()
    first = outbox.code
    assert visitor.form("/auth/account/email/confirm").status_code == 303
    assert visitor.json("/auth/account/email/confirm").status_code == 429
    assert len(outbox.mails) == 1

    clock.move(minutes=1)
    visitor.form("/auth/account/email/confirm")

    assert len(outbox.mails) == 2
    assert visitor.form(CONFIRM_CODE, code=first).status_code == 401
    assert visitor.form(CONFIRM_CODE, code=outbox.code).status_code == 303


def test_what_is_confirmed_needs_no_further_mail(mira, confirm):
    confirm(mira)

    for path in ("confirm", ""):
        address = f"/auth/account/email/{path}".rstrip("/")
        answer = mira.json(address, {"email": "other@example.com"})
        assert (answer.status_code, answer.json["error"]) == (404, "not_found")
    assert "There is nothing more to do" in mira.get("/auth/account/email").text


def test_a_wrong_address_is_corrected_and_the_new_one_mailed_at_once(outbox, visitor):
    visitor.register(email="mria@example.com")
    old = outbox.code

    answer = visitor.form("/auth/account/email", "htmx", email="Mira@example.com")

    assert "Mira@example.com" in answer.text
    assert "mria@example.com" not in answer.text
    assert outbox.last["To"] == "Mira@example.com"
    assert visitor.form(CONFIRM_CODE, code=old).status_code == 401
    assert visitor.form(CONFIRM_CODE, code=outbox.code).status_code == 303
    assert visitor.session["account"]["email"] == "Mira@example.com"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter your email address."),
        ("mira", "That address is missing its @."),
        ("noah@example.com", "That address already has an account."),
        ("NOAH@example.com", "That address already has an account."),
    ],
)
def test_a_correction_that_will_not_do_keeps_what_was_typed(mira, noah, read, typed, words):
    answer = mira.form("/auth/account/email", email=typed)

    assert answer.status_code == 422
    assert words in answer.text
    assert read(answer).field("email")["value"] == typed
    assert mira.session["account"]["unconfirmed_email"] == "mira@example.com"


def test_correcting_wants_a_fresh_proof_by_a_passkey(mira, outbox, clock):
    clock.move(minutes=6)
    asked = mira.form("/auth/account/email", email="x@example.com").location
    assert asked.startswith("/auth/fresh?next=/auth/account/email")

    mira.form("/auth/fresh/email")
    mira.form("/auth/fresh/email/code", code=outbox.code)
    # The code proved the address: there is nothing left to correct.
    assert mira.form("/auth/account/email", email="x@example.com").status_code == 404


def test_a_name_taken_by_a_correction_is_free_again(mira, visitor):
    mira.form("/auth/account/email", email="other@example.com")

    visitor.register(username="ada", email="mira@example.com")

    assert visitor.method == "registration"


# --- The first proof from elsewhere


def test_from_elsewhere_the_first_proof_removes_what_was_made_before(mira, outbox, kept):
    """A squatter who registered somebody else's address keeps nothing."""
    account = mira.session["account"]["id"]
    owner = mira.at_another_browser(key=SoftAuthenticator())

    answer = claim(owner, outbox)

    assert answer.location == "/auth/account"
    assert owner.session["account"]["id"] == account
    assert owner.session["account"]["email"] == "mira@example.com"
    assert owner.session["account"]["name"] == "mira"
    assert owner.passkeys() == []
    assert mira.session is None
    assert mira.sign_in().status_code == 401
    page = owner.get("/auth/account").text
    assert "We removed what was set up before: 1 passkey, 1 session." in page
    assert "claimed_by_address" in kept.kinds()


def test_what_was_not_there_is_not_among_what_was_removed(mira, outbox):
    mira.sign_out()
    owner = mira.at_another_browser()

    claim(owner, outbox)

    assert "We removed what was set up before: 1 passkey." in owner.get("/auth/account").text


def test_the_link_says_before_what_it_will_remove(mira, outbox):
    owner = mira.at_another_browser()
    owner.ask_mail()

    owner.open_link(outbox.link)
    page = owner.get(SIGN_IN_LINK).text

    assert "This address was never confirmed." in page
    assert "Mira Okafor" not in page  # a stranger typed it
    assert mira.method == "registration"
    owner.form(SIGN_IN_LINK)
    assert mira.session is None


def test_what_the_squatter_began_before_is_worth_nothing_after(mira, outbox, kept):
    answer = SoftAuthenticator().create(mira.begin_passkey())
    proof = mira.key.get(mira.begin_fresh())
    owner = mira.at_another_browser()
    claim(owner, outbox)

    assert mira.json("/auth/account/passkeys", answer).status_code == 401
    assert mira.json("/auth/fresh/passkey", proof).status_code == 401
    assert mira.json(CONFIRM_CODE, {"code": "ABCDEFGH"}).status_code == 401
    assert kept.passkeys() == []


def test_from_the_browser_that_registered_the_first_proof_removes_nothing(mira, outbox):
    mira.sign_out()

    claim(mira, outbox)

    assert mira.session["account"]["email"] == "mira@example.com"
    assert mira.session["account"]["name"] == "Mira Okafor"
    assert len(mira.passkeys()) == 1


def test_from_inside_the_account_the_first_proof_removes_nothing(mira, outbox):
    """At a browser that did not register, but is signed in with a passkey."""
    other = mira.at_another_browser()
    other.sign_in()

    claim(other, outbox)

    assert len(other.passkeys()) == 1
    assert mira.method == "registration"


def test_a_second_proof_removes_nothing(mira, confirm, outbox):
    confirm(mira)

    owner = mira.at_another_browser()
    claim(owner, outbox)

    assert len(owner.passkeys()) == 1
    assert mira.method == "registration"
    assert "We removed" not in owner.get("/auth/account").text


def test_another_accounts_browser_is_elsewhere(mira, noah, outbox):
    noah.ask_mail("mira@example.com")
    noah.type_code(outbox.code)

    assert noah.session["account"]["username"] == "mira"
    assert noah.passkeys() == []
    assert mira.session is None


def test_mail_to_an_unconfirmed_address_carries_nothing_the_registrant_typed(outbox, visitor):
    visitor.register(name="Call 555-0199 now", username="win-a-prize")
    visitor.add_passkey()
    visitor.form("/auth/account/passkeys/x/rename", name="evil.example")

    for mail in outbox.mails:
        text = mail.as_string()
        assert "555-0199" not in text
        assert "win-a-prize" not in text
        assert "evil.example" not in text
