"""A mail server that stops at a step until it is told to go on."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

PATIENCE = 30.0


class Postman:
    """Attributes:
    port: Of this machine.
    holds_at: "RCPT" or "DATA": when the recipient was named, or the whole mail was given, and
        before that is answered.
    reached: Set when somebody has come so far.
    go_on: Set it to have it answered.
    taken: Recipients of the mails that came whole, and whose senders waited for the answer.
    contents: Those mails, as they came.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.holds_at = ""
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.taken: list[str] = []
        self.contents: list[bytes] = []

    async def hold(self, step: str) -> None:
        if step == self.holds_at:
            self.reached.set()
            await asyncio.to_thread(self.go_on.wait, PATIENCE)


class _Handler:
    """Of its own, since aiosmtpd looks at all that its handler has."""

    def __init__(self, postman: Postman) -> None:
        self._postman = postman

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._postman.hold("RCPT")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        await self._postman.hold("DATA")
        self._postman.taken += envelope.rcpt_tos
        self._postman.contents.append(envelope.original_content or b"")
        return "250 OK"


@contextmanager
def mail_server(port: int) -> Iterator[Postman]:
    """Runs at a port of this machine."""
    postman = Postman(port)
    controller = Controller(_Handler(postman), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield postman
    finally:
        postman.go_on.set()
        controller.stop()
