"""Killing somebody else's mail by asking for another, and using one's own older mail when there
is a newer: a newer mail kills only the older of the same browser and purpose, a sign-in all.
"""

import pytest

CODE = "/auth/sign-in/email/code"


def works(person, code, path=CODE):
    return person.json(path, {"code": code}).status_code == 200


@pytest.fixture
def stranger(come_from):
    """Who knows her address and nothing else."""
    return come_from("127.6.6.6")


def test_the_older_mail_of_the_same_browser_is_dead(mira, visitor, outbox, clock):
    """Though the thief who kept it has that browser's cookies."""
    visitor.ask_mail()
    older, older_link = outbox.code, outbox.link
    thief = visitor.at_another_browser().with_cookies_of(visitor)
    clock.move(minutes=1)
    visitor.ask_mail()

    assert not works(thief, older)
    assert thief.open_link(older_link).status_code == 401
    assert not works(visitor, older)
    assert works(visitor, outbox.code)


def test_a_stranger_who_asks_kills_nothing(mira, visitor, stranger, outbox, clock):
    visitor.ask_mail()
    code = outbox.code
    for _ in range(3):
        stranger.ask_mail(mira.email)
        clock.move(minutes=1)

    assert works(visitor, code)


def test_a_mail_for_another_purpose_kills_nothing(mira, outbox, confirm):
    confirm(mira)
    mira.ask_mail()
    sign_in = outbox.code
    mira.form("/auth/fresh/email")

    assert works(mira, outbox.code, "/auth/fresh/email/code")
    assert works(mira, sign_in)


@pytest.mark.parametrize("way", ["passkey", "mail"])
def test_a_sign_in_kills_all_that_is_pending(mira, visitor, come_from, outbox, confirm, way):
    """Whoever reads the mailbox afterwards finds nothing that works."""
    confirm(mira)
    visitor.ask_mail()
    pending = outbox.code
    mira.form("/auth/fresh/email")
    to_prove = outbox.code
    elsewhere = come_from("127.5.0.1", key=mira.key)
    if way == "mail":
        elsewhere.ask_mail()
        assert works(elsewhere, outbox.code)
    else:
        assert elsewhere.sign_in().status_code == 200

    assert not works(visitor, pending)
    assert not works(mira, to_prove, "/auth/fresh/email/code")


def test_a_squatter_cannot_kill_the_mail_of_whose_address_it_is(
    mira, visitor, come_from, outbox, kept
):
    """He has a passkey in an account with her address, and signs in again and again."""
    squatter = come_from("127.6.6.6", key=mira.key)
    visitor.ask_mail()
    assert squatter.sign_in().status_code == 200

    assert works(visitor, outbox.code)
    assert kept.passkeys() == []
    assert squatter.session is None
