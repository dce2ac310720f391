"""Proof: who was shown to be who, by what means, and when.

Every way to sign in ends in one, so sessions, events and freshness do not know which
way was taken.
"""

from dataclasses import dataclass

from unlatch.core.kinds import Method
from unlatch.core.records import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Attributes:
    account: Whose.
    method: By what means.
    at: When, in microseconds.
    source: What it came from, unique: the ceremony's mark or the mail's id. One source
        makes one session.
    passkey_id: The passkey that was used, if one was.
    """

    account: Account
    method: Method
    at: int
    source: bytes
    passkey_id: str | None = None
