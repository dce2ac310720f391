"""Where mail is handed in, as its settings say."""

from dataclasses import dataclass, field
from email.utils import parseaddr

from unlatch.config import Config, is_port

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in.

    Attributes:
        security: `starttls`, `tls` or `none`.
        sender: The From address.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    sender: str
    security: str


def read_mail_server(config: Config, *, development: bool) -> MailServer | None:
    """None where there is none, which development allows. Faults are gathered in `config`."""
    host = config.text("MAIL_SERVER", "MAIL_SERVER")
    if not host and development:
        return None
    if not host:
        config.fault(
            "UNLATCH_MAIL_SERVER is missing; set it to the host that takes your mail, "
            "like smtp.example.com."
        )
    username = config.text("MAIL_USERNAME", "MAIL_USERNAME")
    sender = _mail_from(config, username)
    port = config.text("MAIL_PORT", "MAIL_PORT")
    if port and not is_port(port):
        config.fault(f"UNLATCH_MAIL_PORT is {port!r}; it takes a port number.")
        port = ""
    security = config.text("MAIL_SECURITY") or ("tls" if port == "465" else "starttls")
    if security not in ("starttls", "tls", "none"):
        config.fault(f"UNLATCH_MAIL_SECURITY is {security!r}; it takes starttls, tls or none.")
    if security == "none" and username and host not in ("", *_THIS_MACHINE):
        config.fault(
            "UNLATCH_MAIL_SECURITY is none, which would send the login in the clear; "
            "take starttls or tls."
        )
    return MailServer(
        host=host,
        port=int(port) if port else (465 if security == "tls" else 587),
        username=username,
        password=config.text("MAIL_PASSWORD", "MAIL_PASSWORD"),
        sender=sender,
        security=security,
    )


def _mail_from(config: Config, username: str) -> str:
    """Asked for with the server or without it: what is missing is told all at once."""
    named = config.text("MAIL_FROM", "MAIL_FROM")
    sender = named or username
    local, _, domain = parseaddr(sender)[1].rpartition("@")
    if not (local and domain) or any(one.isspace() for one in local + domain):
        config.fault(
            f"UNLATCH_MAIL_FROM is {'no address' if named else 'missing'}; set it to the "
            "address your mail comes from, like sign-in@example.com."
        )
    return sender
