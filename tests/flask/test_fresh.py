"""Is it still you? What wants a fresh proof, what is one, and for how long."""

import pytest

from unlatch.testing import SoftAuthenticator

PASSKEYS = "/auth/account/passkeys"


def removal_of(person, number: int = 0) -> str:
    return f"{PASSKEYS}/{person.passkeys()[number]['id']}/remove"


def test_a_host_asks_for_a_proof_of_its_own_age(mira, clock):
    clock.move(seconds=58)
    assert mira.get("/vault").text == "Vault of Mira Okafor"
    clock.move(seconds=3)

    assert mira.get("/vault").location == "/auth/fresh?next=/vault"
    assert mira.get("/vault", "htmx").headers["HX-Redirect"] == "/auth/fresh?next=/vault"
    told = mira.get("/vault", "json")
    assert (told.status_code, told.json["error"]) == (403, "fresh_sign_in_required")


def test_who_is_not_signed_in_signs_in(visitor):
    assert visitor.get("/vault").location == "/auth/sign-in?next=/vault"


@pytest.mark.parametrize("way", ["passkey", "mail"])
def test_after_the_proof_the_interrupted_goes_on(mira, outbox, clock, way):
    clock.move(minutes=6)
    asked = mira.get(mira.get("/vault").location)
    assert "Is it still you?" in asked.text

    if way == "passkey":
        to = mira.prove_again("/vault").json["next"]
    else:
        mira.form("/auth/fresh/email", next="/vault")
        to = mira.form("/auth/fresh/email/code", code=outbox.code).location

    assert to == "/vault"
    assert mira.get("/vault").text == "Vault of Mira Okafor"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/auth/account/passkeys/new", "to add a passkey"),
        ("/auth/account/email", "to change your address"),
        ("/vault", "to go on"),
        ("/nowhere", "to go on"),
        ("", "to go on"),
    ],
)
def test_the_page_says_for_what(mira, path, words):
    assert words in mira.get(f"/auth/fresh?next={path}").text


def test_another_accounts_passkey_never_serves(mira, noah, clock):
    clock.move(minutes=6)
    options = mira.begin_fresh()

    answer = mira.json(
        "/auth/fresh/passkey",
        noah.key.get({"challenge": options["publicKey"]["challenge"], "rpId": "localhost"}),
    )

    assert (answer.status_code, answer.json["error"]) == (401, "passkey_refused")
    assert mira.get("/vault").status_code == 303


def test_a_proof_in_one_session_makes_no_other_fresh(mira, clock):
    other = mira.at_another_browser()
    other.sign_in()
    clock.move(minutes=6)

    mira.prove_again()

    assert mira.get("/vault").status_code == 200
    assert other.get("/vault").status_code == 303


def test_a_code_asked_in_one_session_proves_nothing_in_another(mira, outbox, clock):
    clock.move(minutes=6)
    mira.form("/auth/fresh/email")
    code = outbox.code
    mira.sign_out()
    mira.sign_in()
    clock.move(minutes=6)

    assert mira.form("/auth/fresh/email/code", code=code).status_code == 401
    assert mira.get("/vault").status_code == 303


def test_a_fresh_code_comes_without_a_link(mira, outbox):
    mira.form("/auth/fresh/email")

    with pytest.raises(LookupError):
        _ = outbox.link


def test_a_proof_is_told_to_programs(mira, clock):
    clock.move(minutes=6)
    stale = mira.session["fresh_until"]

    mira.prove_again()

    assert mira.session["fresh_until"] - stale == 360


def test_removing_wants_a_proof_by_a_passkey(mira, confirm, outbox, clock):
    """Who got into the mailbox must not lock the owner out."""
    confirm(mira)
    removal = removal_of(mira)
    clock.move(minutes=6)
    mira.form("/auth/fresh/email")
    mira.form("/auth/fresh/email/code", code=outbox.code)

    refused = mira.form(removal)

    assert refused.location == f"/auth/fresh?next={removal}"
    page = mira.get(refused.location).text
    assert "to remove this passkey" in page
    assert "Email me a code" not in page
    mira.prove_again()
    assert mira.form(removal).location == "/auth/account"


def test_a_passkey_added_on_a_mails_proof_takes_nothing_away_for_a_day(
    mira, confirm, outbox, clock
):
    confirm(mira)
    thief = mira.at_another_browser(key=SoftAuthenticator())
    thief.ask_mail()
    thief.type_code(outbox.code)
    assert thief.add_passkey().status_code == 201
    thief.prove_again()
    owners = removal_of(thief)

    assert thief.form(owners).location == f"/auth/fresh?next={owners}"

    clock.move(hours=23, minutes=59)
    thief.prove_again()
    assert thief.form(owners).status_code == 303
    assert len(mira.passkeys()) == 2
    clock.move(minutes=2)
    thief.prove_again()
    assert thief.form(owners).location == "/auth/account"


@pytest.mark.parametrize("proof", ["step-up", "sign-in"])
def test_a_passkey_on_probation_vouches_for_no_other(mira, confirm, outbox, proof):
    """Who got into the mailbox adds one, proves by it, and adds a second on that proof."""
    confirm(mira)
    thief = mira.at_another_browser(key=SoftAuthenticator())
    thief.ask_mail()
    thief.type_code(outbox.code)
    assert thief.add_passkey().status_code == 201
    if proof == "step-up":
        thief.prove_again()
    else:
        thief.sign_out()
        thief.sign_in()
    thief.key = SoftAuthenticator()
    assert thief.add_passkey().status_code == 201
    thief.prove_again()
    owners = removal_of(thief)

    assert thief.form(owners).location == f"/auth/fresh?next={owners}"
    assert len(mira.passkeys()) == 3


def test_a_passkey_added_on_a_passkeys_proof_serves_at_once(mira, confirm, clock):
    confirm(mira)
    clock.move(minutes=6)
    mira.prove_again()
    mira.key = SoftAuthenticator()
    mira.add_passkey()
    clock.move(minutes=6)
    mira.prove_again()

    assert mira.form(removal_of(mira)).location == "/auth/account"


def test_adding_takes_any_fresh_proof(mira, outbox, clock):
    """Mail included: that is the way in from a new device."""
    clock.move(minutes=6)
    mira.form("/auth/fresh/email")
    mira.form("/auth/fresh/email/code", code=outbox.code)

    assert mira.add_passkey(SoftAuthenticator()).status_code == 201


def test_renaming_wants_the_session_alone(mira, clock):
    clock.move(hours=5)

    answer = mira.form(removal_of(mira).replace("remove", "rename"), name="Blue")

    assert answer.location == "/auth/account"


def test_where_mail_alone_can_prove_it_serves_for_everything(visitor, outbox, clock, read):
    """An account without passkeys has nothing better."""
    visitor.register()
    clock.move(minutes=6)

    page = visitor.get("/auth/fresh?next=/auth/account/email")

    assert "Email me a code" in page.text
    assert not [a for _, a in read(page).elements if "data-passkey" in a]


def test_a_code_leads_where_its_mail_was_asked_for(mira, outbox):
    mira.form("/auth/fresh/email", next="/vault")

    answer = mira.form("/auth/fresh/email/code", code=outbox.code, next="/notes")

    assert answer.location == "/vault"


def test_a_lost_binding_begins_again(mira, outbox):
    mira.form("/auth/fresh/email", next="/vault")
    mira.drop_cookie("unlatch-80-mail")

    assert mira.get("/auth/fresh/email?next=/vault").location == "/auth/fresh?next=/vault"
    assert mira.form("/auth/fresh/email/code", code=outbox.code).status_code == 401
    assert mira.form("/auth/fresh/email/code", code="").status_code == 401


def test_a_wrong_code_is_told_beside_its_field(mira, outbox, read):
    mira.form("/auth/fresh/email", next="/vault")

    answer = mira.form("/auth/fresh/email/code", code="ABCD-EFGH", next="/vault")

    assert answer.status_code == 401
    assert "You have 4 tries left." in answer.text
    assert read(answer).field("code")["aria-invalid"] == "true"
    assert read(answer).actions()[0] == "/auth/fresh/email/code"


def test_asking_twice_within_a_minute_sends_one_code(mira, outbox):
    mira.form("/auth/fresh/email")
    assert mira.form("/auth/fresh/email").status_code == 303

    assert len(outbox.mails) == 1
    assert mira.json("/auth/fresh/email").json["error"] == "too_soon"


@pytest.mark.parametrize(
    ("method", "path", "taken_up_at"),
    [
        ("POST", f"{PASSKEYS}/options", f"{PASSKEYS}/new"),
        ("DELETE", f"{PASSKEYS}/{{id}}", f"{PASSKEYS}/{{id}}/remove"),
        ("POST", f"{PASSKEYS}/{{id}}/remove", f"{PASSKEYS}/{{id}}/remove"),
        ("POST", "/auth/account/email", "/auth/account/email"),
    ],
)
def test_a_program_is_told_where_the_interrupted_is_taken_up(
    mira, clock, method, path, taken_up_at
):
    [key] = mira.passkeys()
    clock.move(minutes=6)

    told = mira.json(path.format(id=key["id"]), {"email": "new@example.com"}, method=method)

    assert (told.status_code, told.json["error"]) == (403, "fresh_sign_in_required")
    assert told.json["next"] == f"/auth/fresh?next={taken_up_at.format(id=key['id'])}"
    assert mira.get(told.json["next"]).status_code == 200
