"""A mail server that stops at a step until it is told to go on, or says no there."""

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
    says: What it answers at a step instead of "250 OK", like "451 later".
    reached: Set when somebody has come so far.
    go_on: Set it to have it answered.
    took: Set when a mail has come whole.
    taken: Recipients of the mails that came whole, and whose senders waited for the answer.
    contents: Those mails, as they came.
    came: All mails that came whole and were not refused, as they came: also one whose sender died
        before it was answered, as by then it is on its way.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.holds_at = ""
        self.says: dict[str, str] = {}
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.took = threading.Event()
        self.taken: list[str] = []
        self.contents: list[bytes] = []
        self.came: list[bytes] = []

    async def answer(self, step: str) -> str:
        if step == self.holds_at:
            self.reached.set()
            await asyncio.to_thread(self.go_on.wait, PATIENCE)
        return self.says.get(step, "250 OK")

    async def take(self, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        self.came.append(content)  # before it waits: aiosmtpd ends this when the sender has gone
        said = await self.answer("DATA")
        if said.startswith("250"):
            self.taken += envelope.rcpt_tos
            self.contents.append(content)
            self.took.set()
        else:
            self.came.remove(content)
        return said


class _Handler:
    """Of its own, since aiosmtpd looks at all that its handler has."""

    def __init__(self, postman: Postman) -> None:
        self._postman = postman

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await self._postman.answer("RCPT")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        return await self._postman.take(envelope)


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
