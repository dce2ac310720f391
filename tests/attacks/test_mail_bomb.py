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


def test_no_passkey_added_or_removed_is_told_to_an_address_that_nobody_proved(squatter, outbox):
    before = len(outbox.to(VICTIM))
    squatter.add_passkey()
    for _ in range(10):
        squatter.key = SoftAuthenticator(origin=squatter.site)
        assert squatter.add_passkey().status_code == 201
        oldest = squatter.passkeys()[0]["id"]
        assert squatter.form(f"/auth/account/passkeys/{oldest}/remove").status_code == 303

    assert len(outbox.to(VICTIM)) == before
