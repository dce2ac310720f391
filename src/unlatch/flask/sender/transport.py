"""How a mail leaves: what a transport promises, and the three ways in which it may fail.

    TransportError
    ├── TryLater       nothing was taken: the same person's mail may be tried again
    ├── RefusedForGood nothing was taken, and nothing ever will be
    └── PerhapsTaken   the server had begun to take it and was not heard of again

Their words name a step and a status, never an address: they go to the log as they are.
"""

from collections.abc import Callable
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from typing import Protocol, runtime_checkable

from unlatch.errors import UnlatchError


class Transport(Protocol):
    """Takes a finished mail to wherever mails go. A site may bring its own."""

    def send(self, message: EmailMessage) -> None:
        """Deliver to the address in `To`, from the one in `From`; None means it was taken.

        Raises:
            TryLater, RefusedForGood, PerhapsTaken: See there. Anything else is taken for
                a fault in the transport, and the mail is tried again later.
        """
        ...


@runtime_checkable
class PreciseTransport(Transport, Protocol):
    """One that knows the moment from which on a mail may have been taken.

    A sender that is killed after that moment must not send the mail again, so it is written
    down before. For other transports that is done before `send`; a mail whose sender is killed
    while it still connects is lost then, though nothing was taken.
    """

    def send_saying_when(self, message: EmailMessage, begins: Callable[[], None]) -> None:
        """As `send`, and call `begins` once, right before anything of the mail can be taken.
        What it raises ends the sending, and gets out.
        """
        ...


class TransportError(UnlatchError):
    """A mail did not leave, or perhaps did.

    Attributes:
        status: What SMTP answered, like "550 5.1.1", or "" if it answered nothing.
    """

    def __init__(self, why: str, *, status: str = "") -> None:
        self.status = status
        super().__init__(f"{why} ({status})" if status else why)


class TryLater(TransportError):
    """Nothing was taken, so nobody gets two mails when it is tried again.

    Attributes:
        cure: What an operator must do first, as a sentence, or "" if time alone may heal it.
    """

    def __init__(self, why: str, *, status: str = "", cure: str = "") -> None:
        self.cure = cure
        super().__init__(why, status=status)


class RefusedForGood(TransportError):
    """The server will not take this mail, today or later."""


class PerhapsTaken(TransportError):
    """The connection ended after the server began to take the mail: it may have arrived.

    It is not sent again, since two mails with different secrets confuse more than none;
    the visitor can ask for another.
    """


def envelope(message: EmailMessage) -> tuple[str, str]:
    """The two addresses that SMTP is told: from whom, to whom."""
    return _only_address(message["From"]), _only_address(message["To"])


def _only_address(header: AddressHeader) -> str:
    (address,) = header.addresses
    return address.addr_spec
