"""A letter read back: what the development mailbox and tests show of it."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage

_LINK = re.compile(r"https?://\S+[?&]token=[^\s>)\"']+")
_CODE = re.compile(r"^[ \t]*([A-HJ-NP-Z2-9]{4})[ -]([A-HJ-NP-Z2-9]{4})[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevMail:
    """Attributes:
    link: The address with the token, or None for a mail without one.
    code: As it stands in the mail, like "WDJB-KMHT", or None.
    at: When it was delivered, in microseconds.
    """

    to: str
    subject: str
    text: str
    html: str
    link: str | None = field(repr=False)
    code: str | None = field(repr=False)
    at: int


def read(letter: EmailMessage, *, at: int) -> DevMail:
    """Take a letter apart."""
    text = body(letter, "plain")
    return DevMail(
        to=str(letter["To"] or ""),
        subject=str(letter["Subject"] or ""),
        text=text,
        html=body(letter, "html"),
        link=link_in(text),
        code=code_in(text),
        at=at,
    )


def body(letter: EmailMessage, kind: str) -> str:
    """The part of a letter that is "plain" or "html", or ""."""
    part = letter.get_body((kind,))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except LookupError:  # in a charset that nobody knows: not a letter of ours
        return ""
    return content.replace("\r\n", "\n") if isinstance(content, str) else ""


def link_in(text: str) -> str | None:
    """The sign-in or confirmation link in a mail's text."""
    found = _LINK.search(text)
    return found.group() if found else None


def code_in(text: str) -> str | None:
    """The code in a mail's text: alone on a line, in two groups of four."""
    found = _CODE.search(text)
    return "-".join(found.groups()) if found else None
