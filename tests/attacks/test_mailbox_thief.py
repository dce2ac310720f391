"""A thief in the mailbox: he signs in by mail and adds a passkey of his own, which he may; and
would lock the owner out before the owner reads of it, which he may not for 24 hours.
"""

import pytest

from unlatch.testing import SoftAuthenticator
from unlatch.testing.authenticator import NoCredential

REMOVE = "/auth/account/passkeys/{}/remove"


@pytest.fixture
def owner(mira, confirm):
    confirm(mira)
    return mira


@pytest.fixture
def owners(owner):
    """Where the owner's passkey is removed."""
    return REMOVE.format(owner.passkeys()[0]["id"])


@pytest.fixture
def thief(owner, owners, come_from, outbox):
    """Reads the owner's mail, signed in by it and added a passkey."""
    thief = come_from("127.6.6.6")
    thief.ask_mail()
    thief.type_code(outbox.code)
    assert thief.add_passkey().status_code == 201
    assert "A passkey was added" in outbox.to(owner.email)[-1]["Subject"]
    return thief


def removes(thief, owners):
    """Whether it worked, tried as a page and as a program."""
    page = thief.form(owners)
    program = thief.json(owners.removesuffix("/remove"), method="DELETE")
    return page.location == "/auth/account" or program.status_code == 200


def test_his_passkey_takes_nothing_away(thief, owners, kept):
    thief.prove_again()
    assert thief.get("/vault").status_code == 200

    assert not removes(thief, owners)
    assert len(kept.passkeys()) == 2


def test_nor_after_signing_in_with_it(thief, owners):
    thief.sign_out()
    thief.sign_in()

    assert not removes(thief, owners)


def test_nor_does_one_passkey_of_his_vouch_for_the_next(thief, owners):
    """A chain of them, each added on the proof of the one before."""
    for _ in range(3):
        thief.prove_again()
        thief.key = SoftAuthenticator(origin=thief.site)
        assert thief.add_passkey().status_code == 201
    thief.prove_again()

    assert not removes(thief, owners)


def test_nor_one_that_vouches_by_a_passkey_removed_meanwhile(thief, owners, owner):
    """The owner removes his first one; what it vouched for counts for no more."""
    thief.prove_again()
    thief.key = SoftAuthenticator(origin=thief.site)
    options = thief.begin_passkey()
    [his] = [one["id"] for one in owner.passkeys() if one["id"] not in owners]
    assert owner.form(REMOVE.format(his)).location == "/auth/account"
    assert thief.json("/auth/account/passkeys", thief.key.create(options)).status_code == 201
    thief.prove_again()

    assert not removes(thief, owners)


def test_the_question_does_not_offer_him_what_would_not_do(thief, owners):
    page = thief.get(f"/auth/fresh?next={owners}").text
    asked = thief.json(f"/auth/fresh/passkey/options?next={owners}").json["publicKey"]

    assert "Email me a code" not in page
    assert len(asked["allowCredentials"]) == 1
    with pytest.raises(NoCredential):
        thief.key.get(asked)


def test_it_is_24_hours_to_the_minute(thief, owners, clock):
    """By then the owner has had a day to read the notice."""
    clock.move(hours=23, minutes=59)
    thief.prove_again()
    assert not removes(thief, owners)
    clock.move(minutes=1)
    thief.prove_again()

    assert removes(thief, owners)


def test_the_owner_removes_his_at_once(thief, owner, owners):
    owner.prove_again()
    [his] = [one["id"] for one in owner.passkeys() if one["id"] not in owners]

    assert owner.form(REMOVE.format(his)).location == "/auth/account"

    assert thief.sign_in().status_code == 401
