"""Random values and their one spelling: bytes for machines, eight letters for people."""

import hashlib
import re
import secrets
import unicodedata
from binascii import a2b_base64, b2a_base64

SECRET_BYTES = 32
"""Length of every random secret: 256 bits."""

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 letters that cannot be mistaken for one another: no I, O, 0, 1."""

CODE_LENGTH = 8

_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ONLY_THAT = re.compile(r"[A-Za-z0-9_-]+")
_ENDS = (_BASE64URL, "", _BASE64URL[::16], _BASE64URL[::4])
"""With what a text may end, by how many letters are over where it is taken in fours. Of two, the
last four bits belong to no byte, of three the last two: in the one spelling they are zero.
"""
_TO_BASE64URL = bytes.maketrans(b"+/", b"-_")
_TO_BASE64 = bytes.maketrans(b"-_", b"+/")


def random_secret() -> bytes:
    """32 bytes from the operating system."""
    return secrets.token_bytes(SECRET_BYTES)


def digest(secret: bytes) -> bytes:
    """SHA-256, for keeping what is random already: guessing 256 bits needs no slow hash."""
    return hashlib.sha256(secret).digest()


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return b2a_base64(data, newline=False).translate(_TO_BASE64URL, b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Strict: only the alphabet, no padding, no stray bits, so one value has one spelling.

    Raises:
        ValueError: It is anything else.
    """
    if not _ONLY_THAT.fullmatch(text):
        raise ValueError("not base64url")
    if text[-1] not in _ENDS[len(text) % 4]:
        raise ValueError("not canonical base64url")
    return a2b_base64(text.encode("ascii").translate(_TO_BASE64) + b"==")


def random_code() -> str:
    """Eight letters of the readable alphabet: 40 bits."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def typed_code(text: str) -> str | None:
    """A code as a person types it (any case, spaces, any dash), or None if it cannot be one."""
    letters = "".join(
        letter
        for letter in unicodedata.normalize("NFKC", text[:64]).upper()
        if not letter.isspace() and unicodedata.category(letter) not in ("Pd", "Cf")
    )
    well_formed = len(letters) == CODE_LENGTH and all(one in CODE_ALPHABET for one in letters)
    return letters if well_formed else None
