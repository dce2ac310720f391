"""Addresses, usernames and display names: what is allowed, and which spellings are one.

Each has a form that is kept as typed and a *key*: the form for look-up, with a unique
constraint, so that no two people can hold spellings of one name.
"""

import re
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

ADDRESS_MAX = 254
USERNAME_MIN, USERNAME_MAX = 3, 32
NAME_MAX = 80
IDENTIFIER_MAX = 320
"""Characters of anything typed that are looked at, before all else: normalising takes time by
the square of a row of combining marks, seconds for what fits into a request."""

ENCODED_WORD = "=?"
"""Begins an encoded word (RFC 2047). Allowed in an address, but where mail libraries meet it they
decode it, and a line break or a comma that was spelled so begins a header or a recipient."""

_JOINERS = "\u200c\u200d"
"""Without them Persian words and joined emoji fall apart; they turn no text around."""

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A name in the form that is kept and the form that is looked up."""

    kept: str
    key: str


def address(typed: str) -> Spelled:
    """An e-mail address: NFKC, then validated; the domain as lower-case A-label for sending,
    all of it case-folded for look-up.

    NFKC comes first, so that a full-width @ or a Kelvin sign is what it looks like *before*
    anything is decided about it. DNS is not asked: its time would tell who exists.

    Raises:
        ValueError: `"missing"`, `"too_long"`, `"no_at"`, `"no_ending"` or `"malformed"`.
    """
    text = _normalised_address(typed)
    if "@" not in text:
        raise ValueError("no_at")
    if "," in text or any(unicodedata.category(one).startswith("C") for one in text):
        raise ValueError("malformed")
    if ENCODED_WORD in text:
        raise ValueError("malformed")
    if "." not in text.rpartition("@")[2]:
        raise ValueError("no_ending")
    try:
        valid = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError("malformed") from error
    kept = f"{valid.local_part}@{valid.ascii_domain.lower()}"
    if len(kept.encode()) > ADDRESS_MAX:
        raise ValueError("too_long")
    return Spelled(kept=kept, key=_folded(kept))


def _normalised_address(typed: str) -> str:
    if len(typed) > IDENTIFIER_MAX:
        raise ValueError("too_long")
    text = unicodedata.normalize("NFKC", typed.strip())
    if not text:
        raise ValueError("missing")
    if len(text) > ADDRESS_MAX:
        raise ValueError("too_long")
    return text


def username(typed: str) -> Spelled:
    """A username: 3 to 32 of the letters a to z, digits, and `. _ -` between them.

    Only ASCII, after NFKC and case mapping: a name that looks like another's in a different
    script is a way to be taken for them. Never an `@`: that makes it an address.

    Raises:
        ValueError: `"missing"`, `"length"` or `"characters"`.
    """
    if len(typed) > IDENTIFIER_MAX:
        raise ValueError("length")
    text = unicodedata.normalize("NFKC", typed.strip())
    if not text:
        raise ValueError("missing")
    if not USERNAME_MIN <= len(text) <= USERNAME_MAX:
        raise ValueError("length")
    key = _folded(text)
    if not text.isascii() or not _USERNAME.fullmatch(key):
        raise ValueError("characters")
    return Spelled(kept=text, key=key)


def display_name(typed: str) -> str:
    """A name to be called by, or a passkey's: one line, no control or direction-changing
    characters, at most 80.

    Raises:
        ValueError: `"too_long"`.
    """
    if len(typed) > IDENTIFIER_MAX:
        raise ValueError("too_long")
    visible = "".join(
        " " if one.isspace() else one
        for one in unicodedata.normalize("NFC", typed)
        if one.isspace() or one in _JOINERS or not unicodedata.category(one).startswith("C")
    )
    name = " ".join(visible.split())
    if len(name) > NAME_MAX:
        raise ValueError("too_long")
    return name if name.strip(f" {_JOINERS}") else ""  # nobody is called by what does not show


def identifier_keys(typed: str) -> tuple[str | None, str | None]:
    """`(address key, username key)` of what was typed to sign in; the one it is not is None.

    With an `@` (in any spelling) it is only an address. Both None: it can be nobody's.
    """
    if len(typed) > IDENTIFIER_MAX:  # not cut: its beginning may be somebody's name
        return None, None
    text = unicodedata.normalize("NFKC", typed.strip())
    try:
        if "@" in text:
            return address(text).key, None
        return None, username(text).key
    except ValueError:
        return None, None


def unusable(typed: str) -> str:
    """One text for all spellings of what was typed to sign in and can be nobody's."""
    return _folded(typed[:IDENTIFIER_MAX].strip())


def _folded(text: str) -> str:
    # Folding can undo normalisation, so it is applied until nothing moves:
    # https://www.unicode.org/reports/tr15/ and UAX #31 on NFKC_Casefold.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())
