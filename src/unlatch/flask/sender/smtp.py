"""Mail by SMTP, with the one question that matters answered at every step: may this mail
be sent again?

Until the server says 354 to DATA it has taken nothing: anything that goes wrong there is
`TryLater`, or `RefusedForGood` when the server says 5xx of this very mail. After 354 only
an answer tells; without one the mail is `PerhapsTaken`.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from functools import partial
from typing import Any

from unlatch.flask.sender.deadline import Deadline
from unlatch.flask.sender.transport import PerhapsTaken, RefusedForGood, TryLater, envelope
from unlatch.mail_server import MailServer
from unlatch.threads import on_a_thread

CONNECTING = 15.0
"""Seconds for one of a server's addresses to answer; the next one is tried then."""

CONVERSING = 60.0
"""Seconds for one mail in all, from looking up the server to its last word."""

_GOODBYE = 1.0
_LOGIN_CURE = "Check UNLATCH_MAIL_USERNAME and UNLATCH_MAIL_PASSWORD."
_WANTS_LOGIN = (530, 534, 535, 538)
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class SmtpTransport:
    """Sends each mail over a connection of its own.

    Args:
        server: Where mail is handed in. Its `security` is "starttls" (nothing is said before
            it is encrypted, or nothing is sent), "tls" (encrypted from the first byte) or
            "none" (for a server on this machine).
        tls: How the server's certificate is checked; by default against the system's
            authorities, by name.
        deadline: Seconds for one mail in all.
    """

    def __init__(
        self,
        server: MailServer,
        *,
        tls: ssl.SSLContext | None = None,
        deadline: float = CONVERSING,
    ) -> None:
        self._server = server
        self._tls = tls
        self._deadline = deadline

    def send(self, message: EmailMessage) -> None:
        """Deliver one mail.

        Raises:
            TryLater: The server was away, busy, too slow, or does not fit the settings.
            RefusedForGood: It refused this sender, recipient or mail with a 5xx.
            PerhapsTaken: It fell silent after DATA.
        """
        self.send_saying_when(message, lambda: None)

    def send_saying_when(self, message: EmailMessage, begins: Callable[[], None]) -> None:
        """The same; `begins` is called when all is settled but the mail itself, before DATA."""
        sender, recipient = envelope(message)
        with Deadline(self._deadline) as deadline:
            client = self._open(deadline, hello=sender.rpartition("@")[2])
            try:
                _name_both_ends(client, sender, recipient)
                begins()
                _hand_over(client, message.as_bytes().removesuffix(b"\r\n"))
                _say_goodbye(client)
            finally:
                client.close()

    def _open(self, deadline: Deadline, *, hello: str) -> "_Client":
        """Connect, encrypt and log in: all that does not yet concern this mail."""
        client = _Client(
            deadline, hello, self._checks() if self._server.security == "tls" else None
        )
        try:
            self._greet(client)
        except (OSError, UnicodeError) as error:
            client.close()
            raise self._trouble(error) from None
        return client

    def _greet(self, client: "_Client") -> None:
        code, words = client.connect(self._server.host, self._server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        client.ehlo_or_helo_if_needed()
        if self._server.security == "starttls":
            client.starttls(context=self._checks())
            client.ehlo_or_helo_if_needed()
        if self._server.username:
            client.login(self._server.username, self._server.password)

    def _trouble(self, error: OSError | UnicodeError) -> TryLater:
        """Before the mail is named, nothing can be its fault: what is wrong heals by itself,
        or by an operator who is told what to look at.
        """
        now = f"{self._server.host}, {self._server.port}, {self._server.security}"
        cure = (
            f"Check UNLATCH_MAIL_SERVER, UNLATCH_MAIL_PORT and UNLATCH_MAIL_SECURITY (now {now})."
        )
        if isinstance(error, smtplib.SMTPNotSupportedError):
            more = f" {_LOGIN_CURE}" if self._server.username else ""
            return TryLater("the mail server offers no STARTTLS, or no login", cure=f"{cure}{more}")
        if isinstance(error, smtplib.SMTPResponseException):
            permanent = error.smtp_code >= 500
            status = _status(error.smtp_code, error.smtp_error)
            if isinstance(error, smtplib.SMTPAuthenticationError):
                why, cure = "the mail server refused our login", _LOGIN_CURE
            else:
                why = "the mail server sent us away"
            return TryLater(why, status=status, cure=cure if permanent else "")
        if isinstance(error, ssl.SSLError):
            return TryLater(f"no encrypted connection ({type(error).__name__})", cure=cure)
        if isinstance(error, UnicodeError):
            return TryLater(
                "the mail server's name and login must be ASCII", cure=f"{cure} {_LOGIN_CURE}"
            )
        return TryLater(f"no answer from the mail server ({type(error).__name__})", cure=cure)

    def _checks(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


class _Client(smtplib.SMTP):
    """An SMTP client whose connection the deadline can cut."""

    def __init__(self, deadline: Deadline, hello: str, tls: ssl.SSLContext | None) -> None:
        # With a name for EHLO: otherwise smtplib asks DNS for ours, which can take long.
        super().__init__(local_hostname=hello, timeout=deadline.left())
        self._deadline = deadline
        self._tls_from_the_start = tls

    def connect(
        self,
        host: str = "localhost",
        port: int = 0,
        source_address: Any = None,
    ) -> tuple[int, bytes]:
        self._host = host  # What STARTTLS checks the certificate's name against.
        return super().connect(host, port, source_address)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = self._reach(host, port)
        connection.settimeout(timeout)
        if self._tls_from_the_start is None:
            return connection
        try:
            return self._tls_from_the_start.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise

    def _reach(self, host: str, port: int) -> socket.socket:
        """The first of the server's addresses that answers, within the deadline."""
        failed: OSError = OSError("the mail server has no address")
        # A look-up has no time-out, and no connection that could be cut.
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        for *_, address in on_a_thread(look_up).result(self._deadline.left()):
            try:
                reached = socket.create_connection(
                    (str(address[0]), int(address[1])), min(CONNECTING, self._deadline.left())
                )
            except OSError as error:
                failed = error
                continue
            try:
                self._deadline.watch(reached)
            except BaseException:
                reached.close()
                raise
            return reached
        raise failed


def _name_both_ends(client: _Client, sender: str, recipient: str) -> None:
    """MAIL and RCPT."""
    international = not (sender.isascii() and recipient.isascii())
    try:
        if international and not client.has_extn("smtputf8"):
            raise RefusedForGood("the mail server takes no international addresses")
        options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
        _must_accept("MAIL", *client.mail(sender, options))
        _must_accept("RCPT", *client.rcpt(recipient))
    except smtplib.SMTPResponseException as error:
        raise TryLater("nonsense from the mail server", status=str(error.smtp_code)) from None
    except OSError as error:
        raise TryLater(f"cut off before DATA ({type(error).__name__})") from None


def _hand_over(client: _Client, content: bytes) -> None:
    """DATA, the mail, and the answer to it."""
    try:
        code, words = client.docmd("DATA")
    except smtplib.SMTPResponseException as error:
        raise TryLater("nonsense from the mail server", status=str(error.smtp_code)) from None
    except OSError as error:
        raise TryLater(f"cut off before DATA ({type(error).__name__})") from None
    if code != 354:
        raise _refusal("DATA", code, words)
    try:
        client.send(_LEADING_DOT.sub(b"..", content) + b"\r\n.\r\n")
        code, words = client.getreply()
    except OSError as error:
        raise PerhapsTaken(f"cut off after DATA ({type(error).__name__})") from None
    if not (200 <= code < 300 or 400 <= code < 600):
        raise PerhapsTaken("nonsense after DATA", status=str(code))
    _must_accept("the mail", code, words)


def _say_goodbye(client: _Client) -> None:
    """QUIT, without caring for the answer: the mail has been taken."""
    with suppress(OSError):
        if client.sock is not None:
            client.sock.settimeout(_GOODBYE)
        client.quit()


def _must_accept(step: str, code: int, words: bytes) -> None:
    if not 200 <= code < 300:
        raise _refusal(step, code, words)


def _refusal(step: str, code: int, words: bytes) -> TryLater | RefusedForGood:
    why, status = f"{step} refused", _status(code, words)
    if code in _WANTS_LOGIN:
        return TryLater(why, status=status, cure=_LOGIN_CURE)
    if 500 <= code < 600:
        return RefusedForGood(why, status=status)
    return TryLater(why, status=status)


def _status(code: int, words: bytes | str) -> str:
    """ "550 5.1.1": of what a server says only the numbers, since its words quote addresses."""
    said = words.encode("ascii", "replace") if isinstance(words, str) else words
    enhanced = _ENHANCED.match(said)
    return f"{code} {enhanced.group().decode()}" if enhanced else f"{code}"
