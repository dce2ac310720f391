"""Random values, their hash and their one spelling: base64url, or eight letters for people."""

import base64
import hashlib
import re
import secrets
import unicodedata

SECRET_BYTES = 32
"""Length of every random secret: 256 bits."""

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 letters that cannot be mistaken for one another: no I, O, 0, 1."""

CODE_LENGTH = 8

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def random_secret() -> bytes:
    """32 bytes from the operating system."""
    return secrets.token_bytes(SECRET_BYTES)


def digest(secret: bytes) -> bytes:
    """SHA-256, for keeping what is random already: guessing 256 bits needs no slow hash."""
    return hashlib.sha256(secret).digest()


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Strict: only the alphabet, no padding, no stray bits, so one value has one spelling.

    Raises:
        ValueError: It is anything else.
    """
    if not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


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
