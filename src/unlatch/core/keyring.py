"""The keyring: the passkeys an account has, listed, named and removed."""

from collections.abc import Sequence
from dataclasses import dataclass

from unlatch.core import events
from unlatch.core.freshness import Freshness, WaysToProve
from unlatch.core.kinds import Purpose
from unlatch.core.limits import Limits
from unlatch.core.names import display_name
from unlatch.core.notices import tell
from unlatch.core.party import RelyingParty
from unlatch.core.policy import Change
from unlatch.core.ports import Stores
from unlatch.core.records import LiveSession, Passkey
from unlatch.core.times import Clock
from unlatch.core.visitor import Visitor
from unlatch.errors import FieldsRefused, LastWayIn, NotFound


@dataclass(frozen=True, slots=True)
class Removable:
    """A passkey that may be removed now.

    Attributes:
        is_last: The account has no other.
    """

    passkey: Passkey
    is_last: bool


class Keyring:
    """The passkeys of whoever is signed in."""

    def __init__(self, stores: Stores, limits: Limits, freshness: Freshness, clock: Clock) -> None:
        self._stores = stores
        self._limits = limits
        self._freshness = freshness
        self._clock = clock

    def of(self, live: LiveSession) -> list[Passkey]:
        """All of the session's account, oldest first."""
        return self._stores.passkeys.of(live.account.id)

    def one(self, live: LiveSession, passkey_id: str) -> Passkey:
        """One of the account's.

        Raises:
            NotFound: The account has no such passkey.
        """
        return _pick(self.of(live), passkey_id)

    def rename(self, live: LiveSession, passkey_id: str, typed: str) -> Passkey:
        """Give a passkey another name. The session suffices: nobody gets in by a name.

        Raises:
            NotFound: The account has no such passkey.
            FieldsRefused: The name is empty or too long.
            TooMany: The account gave too many names lately.
        """
        try:
            name = display_name(typed)
        except ValueError as error:
            raise FieldsRefused({"name": str(error)}) from error
        if not name:
            raise FieldsRefused({"name": "missing"})
        self._limits.rename(live.account)
        with self._stores.unit() as unit:
            if not unit.passkeys.rename(live.account.id, passkey_id, name):
                raise NotFound("no such passkey")
            unit.events.add(events.passkey_renamed(live.account.id, passkey_id, at=self._clock()))
        return self.one(live, passkey_id)

    def may_remove(self, live: LiveSession, passkey_id: str) -> Removable:
        """The passkey, if this session may remove it now.

        Raises:
            NotFound: The account has no such passkey.
            NotFresh: The session wants a proof by a passkey first.
            LastWayIn: Nobody could get in any more.
        """
        passkeys = self.of(live)
        passkey = _pick(passkeys, passkey_id)
        self._freshness.require(live, passkeys, Change.REMOVE_PASSKEY, now=self._clock())
        is_last = len(passkeys) == 1
        # An unproved address may be a slip of the pen: no mail would ever arrive there.
        if is_last and live.account.confirmed_at is None:
            raise LastWayIn
        return Removable(passkey, is_last)

    def remove(
        self, live: LiveSession, passkey_id: str, party: RelyingParty, visitor: Visitor
    ) -> Passkey:
        """Remove a passkey, end the other sessions it began, and tell the account's address.

        Raises:
            NotFound, NotFresh, LastWayIn: As in `may_remove`.
        """
        passkey = self.may_remove(live, passkey_id).passkey
        now = self._clock()
        told = self._limits.lets_notice_out(visitor, live.account)
        with self._stores.unit() as unit:
            unit.sessions.require(live.session.token_hash)
            if not unit.passkeys.remove(live.account.id, passkey_id):
                raise NotFound("no such passkey")
            unit.sessions.end_begun_by(passkey_id, except_token_hash=live.session.token_hash)
            unit.events.add(events.passkey_removed(passkey, at=now))
            if told:
                tell(unit, Purpose.PASSKEY_REMOVED, live.account, passkey, party, visitor, now=now)
        return passkey

    def ways_to_prove(self, live: LiveSession, change: Change | None) -> WaysToProve:
        """By what means the session could be made fresh enough.

        Args:
            change: What for; None where any proof will do.
        """
        return self._freshness.ways_to_prove(live.account, self.of(live), change, now=self._clock())


def _pick(passkeys: Sequence[Passkey], passkey_id: str) -> Passkey:
    for passkey in passkeys:
        if passkey.id == passkey_id:
            return passkey
    raise NotFound("no such passkey")
