"""An account prepared by a squatter: he registers somebody else's address, adds passkeys and stays
signed in, and waits until its owner comes by mail and uses what he made. The first proof of the
address from elsewhere leaves him nothing.
"""

from threading import Thread

import pytest
from strangers import too_many, wrong_passkey

from unlatch.core import passkeys as ceremonies
from unlatch.core.secrets import to_base64url
from unlatch.flask import browser
from unlatch.testing import SoftAuthenticator

LINK = "/auth/sign-in/email/link"
REMOVED = "We removed what was set up before: {}."


@pytest.fixture
def squatter(mira):
    """Has registered Mira's address, with a name and a passkey of his own."""
    return mira


@pytest.fixture
def owner(come_from):
    """Of the address, who has never been here."""
    return come_from("127.7.7.7")


@pytest.fixture
def by_mail(owner, outbox):
    """`by_mail()`: the owner comes, by the code of a mail."""

    def come():
        owner.ask_mail()
        return owner.type_code(outbox.code)

    return come


def test_nothing_of_his_is_left(squatter, owner, by_mail, kept):
    second = squatter.at_another_browser()
    second.sign_in()
    before = kept.account()

    answer = by_mail()

    after = kept.account()
    assert (answer.status_code, owner.method) == (303, "email")
    assert (after.id, after.username) == (before.id, before.username)
    assert (after.display_name, after.email) == ("", "mira@example.com")
    assert kept.passkeys() == []
    assert (squatter.session, second.session) == (None, None)
    assert squatter.sign_in().status_code == 401
    assert len(kept.stores.sessions.of(after.id, now=0, idle=10**18)) == 1
    assert kept.kinds()[-3:] == ["address_confirmed", "claimed_by_address", "signed_in"]


def test_his_browser_remembers_nobody(squatter, owner, by_mail, kept):
    """Else it would greet him by the owner's name, be told which passkeys the owner has, and
    count as one that the owner has used.
    """
    by_mail()
    owner.add_passkey(SoftAuthenticator(origin=owner.site))
    (theirs,) = kept.passkeys()

    page = squatter.get("/auth/sign-in", "json").json
    options = squatter.begin_sign_in(remembered=True)["publicKey"]

    assert page["step"] == "identify"
    offered = {one["id"] for one in options["allowCredentials"]}
    assert offered.isdisjoint({to_base64url(theirs.credential_id)})
    assert squatter.form("/auth/sign-in/email").status_code == 422
    for _ in range(3):  # with those of his registration and passkey five an hour, as for strangers
        squatter.drop_cookie("__Host-unlatch-mail")
        assert squatter.ask_mail().status_code == 303
    squatter.drop_cookie("__Host-unlatch-mail")
    assert squatter.ask_mail().status_code == 429


def test_his_browser_remembers_nobody_either_that_signed_in_a_moment_before(
    squatter, by_mail, monkeypatch
):
    """The owner's transaction commits after his and before he is given the cookie."""
    squatter.sign_out()
    remember = browser.remember

    def after_the_owner_came(*arguments, **more):
        monkeypatch.setattr(browser, "remember", remember)
        coming = Thread(target=by_mail)
        coming.start()
        coming.join()
        remember(*arguments, **more)

    monkeypatch.setattr(browser, "remember", after_the_owner_came)
    squatter.sign_in()

    assert squatter.session is None
    assert squatter.get("/auth/sign-in", "json").json["step"] == "identify"


def test_his_failures_are_not_counted_as_the_owners(squatter, owner, by_mail):
    """Both browsers remember the account, at one address; that of before it had an owner is
    another's.
    """
    squatter.client.address = owner.client.address
    by_mail()
    owner.add_passkey(owner.key)
    owner.sign_out()
    for _ in range(60):  # what his browser has for itself, and what the address has
        assert wrong_passkey(squatter).status_code == 401
    too_many(wrong_passkey(squatter))

    assert owner.sign_in().status_code == 200


@pytest.mark.parametrize("proof", ["confirmation", "step-up"])
def test_who_proves_the_address_in_his_own_session_is_remembered(visitor, outbox, proof):
    visitor.register()
    if proof == "confirmation":
        visitor.form("/auth/account/email/code", code=outbox.code)
    else:
        visitor.form("/auth/fresh/email")
        visitor.form("/auth/fresh/email/code", code=outbox.code)
    assert visitor.session["account"]["email"] == "mira@example.com"

    visitor.sign_out()

    assert visitor.get("/auth/sign-in", "json").json["remembered"] is True


@pytest.mark.parametrize("way", ["code", "link"])
def test_the_owner_is_told_what_was_removed(squatter, owner, outbox, way):
    owner.ask_mail()
    if way == "link":
        owner.open_link(outbox.link)
        assert "This address was never confirmed." in owner.get(LINK).text
        owner.form(LINK)
    else:
        owner.type_code(outbox.code)

    assert REMOVED.format("1 passkey, 1 session") in owner.get("/auth/account").text


def test_the_page_of_the_link_spends_and_removes_nothing(squatter, owner, outbox, kept):
    owner.ask_mail()
    owner.open_link(outbox.link)
    owner.get(LINK)

    assert squatter.session is not None
    assert len(kept.passkeys()) == 1


def test_what_he_has_begun_he_cannot_finish(squatter, by_mail, kept):
    adding = SoftAuthenticator(origin=squatter.site).create(
        squatter.begin_passkey()["publicKey"] | {"excludeCredentials": []}
    )
    proving = squatter.key.get(squatter.begin_fresh())
    other = squatter.at_another_browser()
    entering = other.key.get(other.begin_sign_in(identifier="mira"))

    by_mail()

    assert squatter.json("/auth/account/passkeys", adding).status_code == 401
    assert squatter.json("/auth/fresh/passkey", proving).status_code == 401
    assert other.json("/auth/sign-in/passkey", entering).status_code == 401
    assert kept.passkeys() == []
    assert (squatter.session, other.session) == (None, None)


@pytest.mark.parametrize("what", ["adding", "signing in", "proving"])
def test_an_answer_of_his_that_arrives_meanwhile_comes_too_late(
    squatter, by_mail, kept, monkeypatch, what
):
    """The owner's transaction commits while his answer is being verified."""
    name = "verify_registration" if what == "adding" else "verify_assertion"
    verify = getattr(ceremonies, name)

    def while_the_owner_comes(*arguments):
        coming = Thread(target=by_mail)
        coming.start()
        coming.join()
        return verify(*arguments)

    if what == "adding":
        key = SoftAuthenticator(origin=squatter.site)
        options = squatter.begin_passkey()["publicKey"] | {"excludeCredentials": []}
        path, answer = "/auth/account/passkeys", key.create(options)
    elif what == "proving":
        path, answer = "/auth/fresh/passkey", squatter.key.get(squatter.begin_fresh())
    else:
        path, answer = "/auth/sign-in/passkey", squatter.key.get(squatter.begin_sign_in())
    monkeypatch.setattr(ceremonies, name, while_the_owner_comes)

    assert squatter.json(path, answer).status_code == 401
    assert kept.account().email == "mira@example.com"
    assert kept.passkeys() == []
    assert squatter.session is None


def test_the_mails_he_asked_for_open_nothing(squatter, owner, outbox):
    squatter.ask_mail()
    entering = outbox.code
    squatter.form("/auth/fresh/email")
    proving = outbox.code
    owner.ask_mail()
    owner.type_code(outbox.code)

    assert squatter.type_code(entering).status_code == 401
    assert squatter.json("/auth/fresh/email/code", {"code": proving}).status_code == 401
    assert squatter.session is None


def test_what_his_mails_had_still_to_tell_is_not_told(squatter, owner, app, outbox):
    """A notice that waited in the outbox would tell the owner, greeted by name, of the passkey
    of a stranger.
    """
    owner.ask_mail()
    code = outbox.code
    state = app.extensions["unlatch"]
    state.sender.worker = "nobody"
    squatter.add_passkey(SoftAuthenticator(origin=squatter.site))
    owner.type_code(code)
    outbox.clear()

    state.sender.send_due()

    assert outbox.mails == []


def test_his_link_in_the_owners_browser_confirms_nothing(squatter, owner, outbox, kept, clock):
    """He asks them, by some other way, to open what was mailed."""
    clock.move(minutes=1)
    squatter.form("/auth/account/email/confirm")

    page = owner.open_link(outbox.link)

    assert "where you started" in page.text
    assert owner.form("/auth/account/email/link").status_code == 303
    assert kept.account().email is None


def test_the_browser_that_registered_and_one_signed_in_are_not_elsewhere(mira, outbox, kept):
    """Nor is anything said to be removed there."""
    mira.sign_out()
    mira.ask_mail()
    mira.open_link(outbox.link)
    page = mira.get(LINK).text
    mira.form(LINK)

    assert "never confirmed" not in page
    assert len(kept.passkeys()) == 1
    assert kept.account().display_name == "Mira Okafor"
    assert "We removed" not in mira.get("/auth/account").text


def test_signed_in_to_another_account_is_elsewhere(squatter, noah, outbox, kept):
    noah.ask_mail("mira@example.com")
    noah.type_code(outbox.code)

    assert noah.session["account"]["username"] == "mira"
    assert kept.passkeys() == []
    assert squatter.session is None


def test_his_account_goes_after_seven_days_and_frees_its_names(squatter, app, clock, kept):
    """By itself; and not while he is seen there, which costs him a proof of nothing."""
    sweep = app.extensions["unlatch"].sender._sweeper.sweep
    clock.move(days=6)
    squatter.sign_in()
    clock.move(days=6)
    sweep()
    assert kept.stores.accounts.by_username("mira") is not None

    clock.move(days=1, minutes=1)
    sweep()

    assert kept.stores.accounts.by_username("mira") is None
    assert squatter.sign_in().status_code == 401
    assert squatter.session is None
