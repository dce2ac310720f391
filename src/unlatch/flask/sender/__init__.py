"""The sender: from a row that asks for a mail to the mail itself.

`sending` works through the rows, `letters` writes, `transport` says what a transport promises;
`smtp` and `mailbox` are the two we bring. `rounds` is the thread for it, in which `sweeping`
takes away what nobody can use any more.
"""

from unlatch.flask.sender.letters import Letters, LinkPath, Render
from unlatch.flask.sender.mailbox import MailboxTransport
from unlatch.flask.sender.reading import DevMail
from unlatch.flask.sender.sending import OUTCOMES, PURPOSES, Minter, Sender, Worker
from unlatch.flask.sender.smtp import SmtpTransport
from unlatch.flask.sender.transport import (
    PerhapsTaken,
    PreciseTransport,
    RefusedForGood,
    Transport,
    TransportError,
    TryLater,
)

__all__ = [
    "OUTCOMES",
    "PURPOSES",
    "DevMail",
    "Letters",
    "LinkPath",
    "MailboxTransport",
    "Minter",
    "PerhapsTaken",
    "PreciseTransport",
    "RefusedForGood",
    "Render",
    "Sender",
    "SmtpTransport",
    "Transport",
    "TransportError",
    "TryLater",
    "Worker",
]
