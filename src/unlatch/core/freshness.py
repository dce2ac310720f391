"""Freshness: what a session may do depends on how and how lately it was proved.

A proof counts for *this account* in *this session* only, because it is kept in the
session's own row: nobody else's passkey can make it fresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from unlatch.core.records import Method, Passkey, Session
from unlatch.core.times import DAY, MINUTE
from unlatch.errors import NotFresh

FRESH = 5 * MINUTE
PROBATION = DAY
"""How long a passkey that was added on an e-mail's proof may not take anything away."""


def is_fresh(session: Session, *, now: int, max_age: int = FRESH) -> bool:
    """Whether the newest proof inside the session is at most `max_age` microseconds old."""
    return session.proved_at >= now - max_age


def require_fresh(session: Session, *, now: int, max_age: int = FRESH) -> None:
    """What adding a passkey wants: any fresh proof, e-mail included, because that is the way
    in from a new device.

    Raises:
        NotFresh: The newest proof is too old.
    """
    if not is_fresh(session, now=now, max_age=max_age):
        raise NotFresh


def serves(passkey: Passkey, *, now: int) -> bool:
    """Whether a passkey may prove enough to take something away: whoever got into the mailbox
    can add a passkey at once, but must not use it at once to lock the owner out.
    """
    return passkey.added_on is not Method.EMAIL or passkey.added_at <= now - PROBATION


def added_on(session: Session, passkeys: Sequence[Passkey], *, now: int) -> Method:
    """By what proof a passkey counts as added in a session. One that does not serve yet cannot
    vouch for another: whoever got into the mailbox would add two, the second on the first.

    Args:
        passkeys: All of the session's account.
    """
    if session.proof_method is not Method.PASSKEY:
        return session.proof_method
    serving = {one.id for one in passkeys if serves(one, now=now)}
    return Method.PASSKEY if session.proof_passkey_id in serving else Method.EMAIL


@dataclass(frozen=True, slots=True)
class WaysToProve:
    """Attributes:
    passkeys: Those that would do.
    email: Whether a mailed code would do.
    """

    passkeys: tuple[Passkey, ...]
    email: bool


def ways_to_prove(passkeys: Sequence[Passkey], *, to_take_away: bool, now: int) -> WaysToProve:
    """What would make a session fresh enough.

    Args:
        passkeys: All of the session's account.
        to_take_away: Whether something is to be taken away, rather than added.
    """
    serving = tuple(one for one in passkeys if serves(one, now=now))
    if to_take_away and serving:
        return WaysToProve(serving, email=False)
    return WaysToProve(tuple(passkeys), email=True)


def require_fresh_to_take_away(session: Session, passkeys: Sequence[Passkey], *, now: int) -> None:
    """What removing a passkey or changing the address wants: a fresh proof by a passkey that
    serves, if the account has any. A session that registered the account just now needs no
    other proof: nobody was there before it.

    Args:
        passkeys: All of the session's account.

    Raises:
        NotFresh: The newest proof is too old, or was not by such a passkey.
    """
    require_fresh(session, now=now)
    if session.proof_method is Method.REGISTRATION:
        return
    ways = ways_to_prove(passkeys, to_take_away=True, now=now)
    if not ways.email and session.proof_passkey_id not in {one.id for one in ways.passkeys}:
        raise NotFresh
