"""The policy: what must have been proved, how and how lately, before something changes.

`Policy` says the rules that always hold. A host's subclass may demand more; what it demands
is added to them (`freshness.py`), so that it cannot demand less.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `import unlatch` brings this file, and is not to wait for all records
    from unlatch.core.records import Account


class Change(StrEnum):
    """What wants a fresh proof."""

    ADD_PASSKEY = "add_passkey"
    REMOVE_PASSKEY = "remove_passkey"
    CHANGE_ADDRESS = "change_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a session must have proved.

    Attributes:
        max_age: Seconds since its newest proof.
        by_passkey: Whether that must be by one of the account's passkeys, if it has any that
            may prove so much (see `Policy.probation`).
    """

    max_age: int = 300
    by_passkey: bool = False


class Policy:
    """The rules for changes to an account; the base of a host's own.

    Attributes:
        probation: Seconds that a passkey which was added on an e-mail's proof has to wait
            before it may give the proof that `Demand.by_passkey` wants: whoever got into the
            mailbox can add one at once, but must not use it at once to lock the owner out.
    """

    probation: int = 24 * 60 * 60

    def to_add_passkey(self, account: "Account") -> Demand:  # noqa: ARG002  # for subclasses
        """Any proof, e-mail included: that is the way in from a new device."""
        return Demand()

    def to_remove_passkey(self, account: "Account") -> Demand:  # noqa: ARG002  # for subclasses
        """What takes a way in away wants more than a mailbox."""
        return Demand(by_passkey=True)

    def to_change_address(self, account: "Account") -> Demand:  # noqa: ARG002  # for subclasses
        """So does what leads the account's mail elsewhere."""
        return Demand(by_passkey=True)
