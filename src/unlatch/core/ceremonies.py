"""Ceremonies: a begun, unfinished exchange with a browser, sealed into its own cookie.

Beginning costs no write, so that no stranger can fill a store. The answer is accepted
once: its mark is spent in the transaction that makes the session or the passkey.
"""

import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from unlatch.core.secrets import SECRET_BYTES, digest, random_secret, to_base64url
from unlatch.core.times import MINUTE, SECOND
from unlatch.errors import CeremonyGone

if TYPE_CHECKING:
    from unlatch.core.keys import Keys

LIFETIME = 6 * MINUTE
"""A minute longer than the browser's own timeout, for the way there and back."""

FUTURE_SLACK = 30 * SECOND
"""How far another machine's clock may run ahead of ours."""

NAME_LENGTH = 16

_LAYOUT = struct.Struct(f">BBq{SECRET_BYTES}s16s32s")
_NOBODY = bytes(32)


class CeremonyKind(IntEnum):
    """What a ceremony may finish as; an answer for one never serves another."""

    SIGN_IN = 1
    ADD_PASSKEY = 2
    STEP_UP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """Attributes:
    challenge: 32 random bytes.
    begun_at: Microseconds.
    account_id: Whose it must be, when `named`; else a random id, so that all seals are
        of one length and one look.
    named: Whether the account was named before the device was asked.
    session_hash: The token hash of the session it was begun in, or zeros.
    """

    kind: CeremonyKind
    challenge: bytes = field(repr=False)
    begun_at: int
    account_id: str
    named: bool
    session_hash: bytes = field(default=_NOBODY, repr=False)

    @property
    def cookie_name(self) -> str:
        """16 characters that name this ceremony's cookie: each tab keeps its own."""
        return cookie_name(self.challenge)

    @property
    def mark(self) -> bytes:
        """What is spent when it is answered. Begins with its time, for sweeping by range."""
        return mark_time(self.begun_at) + digest(self.challenge)[:16]


def mark_time(moment: int) -> bytes:
    """How the mark of a ceremony begins: eight bytes that sort as moments do."""
    return moment.to_bytes(8, "big")


def begin(
    kind: CeremonyKind,
    *,
    now: int,
    account_id: str | None = None,
    named: bool = False,
    session_hash: bytes = _NOBODY,
) -> Ceremony:
    """A new ceremony. One that is named but has no account (nobody is called that) looks
    like every other and can be finished by no passkey.
    """
    return Ceremony(
        kind=kind,
        challenge=random_secret(),
        begun_at=now,
        account_id=account_id or str(uuid.uuid4()),
        named=named,
        session_hash=session_hash,
    )


def seal(ceremony: Ceremony, keys: "Keys") -> str:
    """For the cookie; of one length for every kind and account."""
    data = _LAYOUT.pack(
        ceremony.kind,
        ceremony.named,
        ceremony.begun_at,
        ceremony.challenge,
        uuid.UUID(ceremony.account_id).bytes,
        ceremony.session_hash,
    )
    return keys.seal("ceremony", data)


def open_sealed(sealed: str, keys: "Keys") -> Ceremony:
    """Undo `seal`.

    Raises:
        CeremonyGone: It is not one of ours.
    """
    try:
        kind, named, begun_at, challenge, account, session_hash = _LAYOUT.unpack(
            keys.open("ceremony", sealed)
        )
        return Ceremony(
            kind=CeremonyKind(kind),
            challenge=challenge,
            begun_at=begun_at,
            account_id=str(uuid.UUID(bytes=account)),
            named=bool(named),
            session_hash=session_hash,
        )
    except (ValueError, struct.error) as error:
        raise CeremonyGone("the cookie's seal does not open") from error


def open_for_challenge(
    challenge: bytes,
    sealed_by_name: Mapping[str, str],
    *,
    kind: CeremonyKind,
    keys: "Keys",
    now: int,
) -> Ceremony:
    """Find and open the ceremony that a browser's answer belongs to.

    Args:
        challenge: As the answer's client data has it.
        sealed_by_name: This browser's ceremony cookies, by the 16 characters of their names.

    Raises:
        CeremonyGone: There is none for this challenge, or it is for something else, too
            old, or from the future.
    """
    sealed = sealed_by_name.get(cookie_name(challenge))
    if sealed is None:
        raise CeremonyGone("this browser has no such ceremony")
    ceremony = open_sealed(sealed, keys)
    if ceremony.challenge != challenge or ceremony.kind is not kind:
        raise CeremonyGone("begun for something else")
    if not now - LIFETIME <= ceremony.begun_at <= now + FUTURE_SLACK:
        raise CeremonyGone("begun too long ago")
    return ceremony


def cookie_name(challenge: bytes) -> str:
    """The 16 characters that name the cookie of a challenge's ceremony."""
    return to_base64url(digest(challenge))[:NAME_LENGTH]
