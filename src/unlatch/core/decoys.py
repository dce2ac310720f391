"""Decoys: passkeys that nobody has, shown where there are none to show.

Whoever begins a sign-in by name is told the ids of the passkeys that will do. A name that
nobody has, or an account without passkeys, would give itself away by an empty list; so it gets
ids that no device holds (W3C WebAuthn Level 3, 14.6.2). They follow from the name and a secret of
the database, so they are the same at every asking, and nothing is kept of them. A decoy carries
a MAC in itself, by which we know it again.

Names are decoyed as they are typed. The username and the address of an account without
passkeys show two lists, as two unknown names would: decoys by account would tell whose both are.
"""

import hmac
from bisect import bisect
from functools import cached_property
from itertools import accumulate, count

from unlatch.core.keys import derive
from unlatch.core.ports import MetaReader
from unlatch.core.records import Descriptor
from unlatch.errors import StoreError

KEPT_AS = "decoy_secret"
"""Its name among what is true of a database. Never rotated, and none of the app's secret keys:
decoys that change, while passkeys do not, tell which are which.
"""

_MAC_BYTES = 8

_ANOTHER = 64
"""Out of 256: how often a list that has so many ids has one more."""

# Out of 256: how often an id is of that length and reached so. Whatever is common among real
# passkeys has to be among them, for a shape that no decoy has would be somebody's for certain.
_SHAPES = (
    (76, 20, ("hybrid", "internal")),  # iCloud Keychain
    (74, 16, ("hybrid", "internal")),  # Google Password Manager, 1Password, Bitwarden
    (52, 32, ("internal",)),  # Windows Hello; a browser's own, as in Chrome on macOS
    (12, 32, ("hybrid", "internal")),  # other password managers
    (10, 16, ("internal",)),  # older password managers
    (10, 16, ("nfc", "usb")),  # security keys that keep the passkey inside
    (8, 48, ("nfc", "usb")),
    (6, 64, ("nfc", "usb")),
    (4, 48, ("usb",)),
    (4, 32, ()),  # made in a browser that does not tell
)
_LIMITS = tuple(accumulate(share for share, _, _ in _SHAPES))


class Decoys:
    """Makes decoys, and knows them again. Reads its secret at the first need, once."""

    def __init__(self, meta: MetaReader) -> None:
        self._meta = meta

    def of(self, name: str) -> list[Descriptor]:
        """At least one: the same for one name at all times, others for every other.

        Args:
            name: In one form for all its spellings.

        Raises:
            StoreError: The store is away, or has lost the secret.
        """
        made = []
        for number in count():
            # JSON can spell half a surrogate pair, which is nobody's name but must be no failure.
            named = name.encode("utf-8", "surrogatepass")
            drawn = hmac.digest(self._drawing, number.to_bytes(2, "big") + named, "sha512")
            made.append(self._shaped(drawn[0], drawn[2:]))
            if drawn[1] >= _ANOTHER:
                break
        return made

    def has(self, credential_id: bytes) -> bool:
        """Whether it is a decoy of ours.

        Raises:
            StoreError: As in `of`.
        """
        body, mac = credential_id[:-_MAC_BYTES], credential_id[-_MAC_BYTES:]
        return hmac.compare_digest(self._mac(body), mac)

    def _shaped(self, drawn: int, random: bytes) -> Descriptor:
        _, length, transports = _SHAPES[bisect(_LIMITS, drawn)]
        body = random[: length - _MAC_BYTES]
        return Descriptor(body + self._mac(body), transports)

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._marking, body, "sha256")[:_MAC_BYTES]

    @cached_property
    def _drawing(self) -> bytes:
        return derive(self._secret, "decoy:draw")

    @cached_property
    def _marking(self) -> bytes:
        return derive(self._secret, "decoy:mark")

    @cached_property
    def _secret(self) -> bytes:
        secret = self._meta.get(KEPT_AS)
        if secret is None:  # made anew, every decoy would change
            raise StoreError("the database has lost the secret of its decoys")
        return secret
