"""A stranger fills somebody's mailbox by what only the registrant of an account may ask for, once
he has registered accounts in that mailbox's name: none of it may pass the limits on mails.
"""

import pytest

from unlatch.testing import SoftAuthenticator

VICTIM = "victim@example.com"
HOME = "127.6.6.6"


@pytest.fixture
def squatter(come_from, outbox):
    squatter = come_from(HOME, username="sam", email=VICTIM)
    squatter.register()
    return squatter


def test_notices_to_an_address_that_nobody_proved_are_counted(squatter, outbox):
    """The first of an honest newcomer come; five mails in all, with that of the registration."""
    squatter.add_passkey()
    for _ in range(10):
        squatter.key = SoftAuthenticator(origin=squatter.site)
        assert squatter.add_passkey().status_code == 201
        oldest = squatter.passkeys()[0]["id"]
        assert squatter.form(f"/auth/account/passkeys/{oldest}/remove").status_code == 303

    assert len(outbox.to(VICTIM)) == 5


def test_nor_do_notices_of_one_account_that_is_used_from_everywhere(squatter, outbox):
    """Networks are cheap: a customer of IPv6 has thousands."""
    before = len(outbox.to(VICTIM))
    for number in range(12):
        squatter.client.address = f"127.6.{number}.1"
        squatter.add_passkey(SoftAuthenticator(origin=squatter.site))

    assert len(outbox.to(VICTIM)) - before == 5


def test_more_accounts_have_no_more_mails_sent_to_it(squatter, come_from, outbox):
    """He corrects the address of one after the other to it; each asks for all it may."""
    for number in range(3):
        assert squatter.form("/auth/account/email", email=f"away{number}@example.com")
        squatter = come_from(HOME, username=f"sam{number}", email=f"sam{number}@example.com")
        squatter.register()
        squatter.form("/auth/account/email", email=VICTIM)
        for path in ("/auth/account/email/confirm", "/auth/fresh/email", "/auth/sign-in/email"):
            squatter.drop_cookie("__Host-unlatch-mail")
            squatter.form(path, identifier=VICTIM)

    assert len(outbox.to(VICTIM)) <= 5


def test_no_more_than_twenty_leave_for_one_address_in_all(squatter, come_from, outbox):
    """Each account corrects its address to ever others, and proves again by mail there."""
    others = [come_from(HOME, username=f"s-{n}", email=f"s{n}@example.com") for n in range(3)]
    for other in others:
        other.register()
    for number, person in enumerate((squatter, *others)):
        for turn in range(5):
            person.form("/auth/account/email", email=f"v{number}{turn}@example.com")
            person.drop_cookie("__Host-unlatch-mail")
            person.form("/auth/fresh/email")

    assert len(outbox.mails) <= 20
