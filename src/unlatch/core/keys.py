"""The application's keys: they seal and sign, and every use of them has its own name.

Nothing here is home-made cryptography: AES-256-GCM and HKDF come from `cryptography`, HMAC from
Python.
"""

import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from unlatch.core.secrets import from_base64url, to_base64url

_NONCE_BYTES = 12
_MAC_BYTES = 16


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
