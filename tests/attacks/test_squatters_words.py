"""A squatter's words: he registers a stranger's address under a name like "Call 555-0199", so that
our mail carries his message. Mail to an unconfirmed address has nothing in it that he typed.
"""

import pytest

from unlatch.core.kinds import Purpose
from unlatch.testing import SoftAuthenticator

WORDS = {
    "name": "Call 555-0199 to win",
    "username": "win-a-prize",
    "passkey": "evil.example",
    "agent": "Prize-Browser/9.9 (visit evil.example/agent)",
}
ADDRESS = "victim@example.com"


@pytest.fixture
def squatter(come_from, outbox):
    """Says all that he can say, wherever something can be typed."""
    squatter = come_from("127.6.6.6", **{k: WORDS[k] for k in ("name", "username")}, email=ADDRESS)
    squatter.client.environ_base["HTTP_USER_AGENT"] = WORDS["agent"]
    squatter.register()
    return squatter


@pytest.fixture
def everything(squatter, outbox, clock):
    """Every kind of mail that he can have sent there, by its purpose."""
    squatter.add_passkey()
    [mine] = squatter.passkeys()
    squatter.form(f"/auth/account/passkeys/{mine['id']}/rename", name=WORDS["passkey"])
    squatter.key = SoftAuthenticator(origin=squatter.site)
    squatter.add_passkey()
    squatter.form(f"/auth/account/passkeys/{mine['id']}/remove")
    squatter.client.address = "127.6.7.7"  # one network has no more than five mails sent there
    squatter.form("/auth/fresh/email", next="/win-a-prize")
    squatter.ask_mail(next="/win-a-prize")
    mails = {mail["Subject"].partition(" Acme")[0]: mail for mail in outbox.to(ADDRESS)}
    assert len(mails) == len(Purpose), "a kind of mail is missing here"
    return mails.values()


def test_no_mail_to_an_unconfirmed_address_carries_them(everything):
    """Neither its text nor its HTML, nor a subject or another header."""
    for mail in everything:
        parts = [part.get_content() for part in mail.iter_parts()]
        headers = [f"{name}: {value}" for name, value in mail.items() if name != "To"]
        assert len(parts) == 2
        for said in (*parts, *headers):
            for words in ("555-0199", "win-a-prize", "win_a", "evil", "Prize", "victim"):
                assert words not in said, (mail["Subject"], words)


def test_its_recipient_is_the_address_and_no_name_beside_it(everything):
    assert {mail["To"] for mail in everything} == {ADDRESS}


def test_once_it_is_confirmed_its_owner_is_called_by_name(mira, confirm, outbox):
    """The same templates have a place for it: that it stays empty before is no accident."""
    confirm(mira)
    mira.ask_mail()

    assert "Hello Mira Okafor," in outbox.text


def test_nor_does_the_page_of_the_link_carry_them(squatter, come_from, outbox):
    owner = come_from("127.7.7.7", email=ADDRESS)
    owner.ask_mail()
    owner.open_link(outbox.link)

    page = owner.get("/auth/sign-in/email/link").text

    assert "555-0199" not in page
    assert "win-a-prize" not in page


def test_nor_does_a_notice_that_waits_until_the_address_is_confirmed(squatter, app, outbox):
    """The squatter cannot confirm it; a mail that was asked for before knows no more for that."""
    code = outbox.code
    app.extensions["unlatch"].sender.worker = "nobody"
    squatter.add_passkey()
    [mine] = squatter.passkeys()
    squatter.form("/auth/account/email/code", code=code)

    app.extensions["unlatch"].sender.send_due()

    assert "A passkey was added" in outbox.last["Subject"]
    assert mine["name"] not in outbox.text
