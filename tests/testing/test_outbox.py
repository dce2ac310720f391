"""The outbox: what a user's tests see of the mails."""

from email.message import EmailMessage
from types import SimpleNamespace

import pytest
from flask import Flask

from unlatch.testing.outbox import Outbox


@pytest.fixture
def sender():
    return SimpleNamespace(transport=None, worker="thread")


@pytest.fixture
def outbox(sender):
    app = Flask(__name__)
    app.extensions["unlatch"] = SimpleNamespace(sender=sender)
    return Outbox(app)


def letter(to="anna@example.org", text="Hello\n"):
    message = EmailMessage()
    message["From"] = "unlatch@site.example"
    message["To"] = to
    message.set_content(text)
    return message


def test_it_takes_the_mails_at_once(outbox, sender):
    assert sender.transport is outbox
    assert sender.worker == "inline"


def test_it_wants_an_app_with_unlatch():
    with pytest.raises(LookupError, match="set up Unlatch"):
        Outbox(Flask(__name__))


def test_it_shows_the_newest_link_and_code(outbox):
    outbox.send(letter(text="http://localhost/auth/link?token=old\n\nAAAA-BBBB\n"))
    outbox.send(letter(text="http://localhost/auth/link?token=new\n\nWDJB-KMHT\n"))

    assert outbox.link == "http://localhost/auth/link?token=new"
    assert outbox.code == "WDJB-KMHT"
    assert outbox.last is outbox.mails[1]


def test_it_says_when_there_is_nothing(outbox):
    with pytest.raises(LookupError, match="no mail was sent"):
        _ = outbox.link
    outbox.send(letter())
    with pytest.raises(LookupError, match="no code"):
        _ = outbox.code


def test_it_finds_the_mails_to_an_address_and_forgets(outbox):
    outbox.send(letter(to="anna@example.org"))
    outbox.send(letter(to="ben@example.org"))

    assert outbox.to("Anna@example.org") == outbox.mails[:1]

    outbox.clear()
    assert outbox.mails == []
