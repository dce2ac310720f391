"""Random values, hashes, seals: every use of a key has its own name.

Nothing here is home-made cryptography: AES-256-GCM, HKDF and HMAC come from
`cryptography`, Argon2id from `argon2-cffi`.
"""

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_BYTES = 32
"""Length of every random secret: 256 bits."""

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 letters that cannot be mistaken for one another: no I, O, 0, 1."""

CODE_LENGTH = 8

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_NONCE_BYTES = 12
_MAC_BYTES = 16


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


class Keys:
    """The application's secret keys, each use with a sub-key of its own.

    Seals and signs with the first, opens and checks with any: so keys are changed in
    three rolls, `old,new` then `new,old` then `new`.

    Args:
        secret_keys: At least one, each at least 32 bytes.
    """

    def __init__(self, secret_keys: Sequence[bytes]) -> None:
        self._secret_keys = tuple(secret_keys)
        self._derived = lru_cache(maxsize=64)(derive)

    def seal(self, use: str, data: bytes) -> str:
        """Encrypt and authenticate (AES-256-GCM). `use` names the place, like "ceremony":
        what was sealed for one use opens for no other.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = AESGCM(self._derived(self._secret_keys[0], f"seal:{use}"))
        return to_base64url(nonce + cipher.encrypt(nonce, data, use.encode()))

    def open(self, use: str, sealed: str) -> bytes:
        """Undo `seal`.

        Raises:
            ValueError: Not sealed by us for this use.
        """
        blob = from_base64url(sealed)
        nonce, ciphertext = blob[:_NONCE_BYTES], blob[_NONCE_BYTES:]
        if len(ciphertext) < _MAC_BYTES:
            raise ValueError("too short for a seal")
        for key in self._secret_keys:
            try:
                cipher = AESGCM(self._derived(key, f"seal:{use}"))
                return cipher.decrypt(nonce, ciphertext, use.encode())
            except InvalidTag:
                continue
        raise ValueError("not sealed here")

    def mac(self, use: str, data: bytes) -> bytes:
        """16 bytes of HMAC-SHA-256 by the first key."""
        return self._mac_by(self._secret_keys[0], use, data)

    def mac_fits(self, use: str, data: bytes, mac: bytes) -> bool:
        """Whether any of the keys made this `mac`; in constant time for each."""
        return any(
            hmac.compare_digest(self._mac_by(key, use, data), mac) for key in self._secret_keys
        )

    def _mac_by(self, key: bytes, use: str, data: bytes) -> bytes:
        return hmac.digest(self._derived(key, f"mac:{use}"), data, "sha256")[:_MAC_BYTES]


def derive(key: bytes, label: str) -> bytes:
    """A sub-key of 32 bytes for one use (HKDF-SHA-256, RFC 5869). `label` names the use."""
    info = b"unlatch/v1/" + label.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)
