"""A line break where only a word belongs, in a mail that we write: another header begins there,
and with it a second recipient, another sender, a body of the attacker's own.
"""

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from fixtures import person

from unlatch.core.kinds import Purpose
from unlatch.flask.sender.transport import envelope
from unlatch.testing import Outbox

BREAKS = ("\r\n", "\n", "\r", "\r\n\r\n", "\u2028", "\u0085", "\x0b", "%0d%0a", "=?utf-8?q?=0A?=")
EVIL = "Bcc: eve@evil.example"
HEADERS = {
    *("From", "To", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Subject", "MIME-Version", "Content-Type"),
}


def goes_to_one_person_only(mail, address):
    """As it goes over the wire, read by somebody else's rules."""
    arrived = message_from_bytes(mail.as_bytes(), policy=policy.SMTP)
    assert sorted(arrived.keys()) == sorted(HEADERS)
    assert envelope(mail)[1] == address
    assert [one.addr_spec for one in arrived["To"].addresses] == [address]
    assert [one.addr_spec for one in arrived["From"].addresses] == ["sign-in@acme.example"]


@pytest.fixture
def telling_subjects(app):
    """A host's own mails, whose subjects say all that a person said of themselves."""
    own = "Subject: {{ name }} {{ note }} {{ browser }} x\nYours {{ code }}\n"
    folder = Path(app.root_path) / "templates/unlatch/mail"
    folder.mkdir(parents=True)
    for purpose in Purpose:
        (folder / f"{purpose.value}.txt").write_text(own)


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
def test_a_name_begins_no_header(app, telling_subjects, come_from, confirm, outbox, line_break):
    """The display name, the passkey's (the note of a notice) and the browser's: all that a person
    says of themselves.
    """
    eve = come_from("127.6.6.6", name=f"Eve{line_break}{EVIL}", username="eve", email="e@e.example")
    eve.client.environ_base["HTTP_USER_AGENT"] = f"Mozilla/5.0 {EVIL}"
    eve.register()
    confirm(eve)
    outbox.clear()

    eve.add_passkey()
    kept = eve.passkeys()[0]["id"]
    eve.json(f"/auth/account/passkeys/{kept}", {"name": f"Key{line_break}{EVIL}"}, "PATCH")
    eve.ask_mail()
    eve.add_passkey(type(eve.key)(origin=eve.site))
    eve.json(f"/auth/account/passkeys/{kept}", method="DELETE")

    subjects = [mail["Subject"] for mail in outbox.mails]
    assert len(subjects) >= 3, "mails that tell, and one to sign in"
    assert all(EVIL in subject for subject in subjects), "and they stay words"
    for mail in outbox.mails:
        goes_to_one_person_only(mail, "e@e.example")


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
def test_a_sites_name_begins_no_header(start_app, line_break):
    """It comes from the settings, where a multi-line value is a slip of the pen; it stands in the
    subject and beside the sender's address.
    """
    app = start_app(UNLATCH_SITE_NAME=f"Acme{line_break}{EVIL}")
    outbox = Outbox(app)
    mira = person(app, "https://acme.example")

    mira.register()

    (mail,) = outbox.mails
    goes_to_one_person_only(mail, "mira@example.com")


@pytest.mark.parametrize(
    "typed",
    [
        "=?utf-8?q?=0ABcc=3A_eve=40evil.example?=@e.example",
        "=?utf-8?b?CkJjYzogZXZlQGV2aWwuZXhhbXBsZQ==?=@e.example",
        "=?utf-8?q?=0A=0AClick_here?=@e.example",
        "=?utf-8?q?eve=40evil.example=2C_x?=@e.example",
        "\uff1d\uff1futf-8?q?=0ABcc=3A_eve=40evil.example?=@e.example",
    ],
    ids=ascii,
)
def test_no_line_break_hides_in_an_encoded_word(come_from, mira, outbox, typed):
    """RFC 2047 in a local part: every letter of it is allowed there, and Python's `email` decodes
    it on the way to the wire.
    """
    eve = come_from("127.6.6.6", username="eve")

    made = eve.json("/auth/register", {"name": "", "username": "eve", "email": typed})
    corrected = mira.ask("POST", "/auth/account/email", "json", json={"email": typed})

    for answer in (made, corrected):
        assert answer.status_code == 422
        assert set(answer.json["fields"]) == {"email"}
    assert outbox.mails == []


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
def test_an_address_brings_no_second_one(mira, outbox, visitor, line_break):
    typed = f"mira@example.com{line_break}{EVIL}"

    visitor.ask_mail(typed)
    visitor.form("/auth/register", name="", username="eve", email=typed)
    mira.form("/auth/account/email", email=typed)

    assert outbox.mails == []
