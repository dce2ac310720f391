"""The outbox: in tests, mails stay here instead of going to people.

def test_signing_in_by_mail(app, client):
    outbox = Outbox(app)
    client.post("/auth/sign-in/email", data={"identifier": "anna@example.org"})
    client.post("/auth/sign-in/email/code", data={"code": outbox.code})
"""

from email.message import EmailMessage
from typing import TYPE_CHECKING

from unlatch.flask.sender.reading import body, code_in, link_in
from unlatch.flask.sender.transport import envelope

if TYPE_CHECKING:
    from flask import Flask


class Outbox:
    """Takes an app's mails. From then on they are delivered at once, in the thread that asks.

    Attributes:
        mails: What was delivered, oldest first.
    """

    def __init__(self, app: "Flask | None" = None) -> None:
        self.mails: list[EmailMessage] = []
        if app is not None:
            self.attach(app)

    def attach(self, app: "Flask") -> None:
        """Take this app's mails, instead of the transport it had.

        Raises:
            LookupError: `Unlatch` was not set up for this app.
        """
        state = app.extensions.get("unlatch")
        if state is None:
            raise LookupError("set up Unlatch(app) before Outbox(app)")
        state.sender.transport = self
        state.sender.worker = "inline"

    def send(self, message: EmailMessage) -> None:
        """What the sender calls."""
        self.mails.append(message)

    @property
    def last(self) -> EmailMessage:
        """The newest mail.

        Raises:
            LookupError: There is none.
        """
        if not self.mails:
            raise LookupError("no mail was sent")
        return self.mails[-1]

    @property
    def text(self) -> str:
        """What the newest mail says, as plain text."""
        return body(self.last, "plain")

    @property
    def link(self) -> str:
        """The link in the newest mail.

        Raises:
            LookupError: There is no mail, or no link in it.
        """
        return _found("link", link_in(self.text))

    @property
    def code(self) -> str:
        """The code in the newest mail, as it stands there: in two groups of four.

        Raises:
            LookupError: There is no mail, or no code in it.
        """
        return _found("code", code_in(self.text))

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to an address, oldest first."""
        return [mail for mail in self.mails if envelope(mail)[1].lower() == address.lower()]

    def clear(self) -> None:
        """Forget what was delivered so far."""
        self.mails.clear()


def _found(what: str, value: str | None) -> str:
    if value is None:
        raise LookupError(f"the newest mail holds no {what}")
    return value
