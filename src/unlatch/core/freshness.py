"""Freshness: what a session may do depends on how and how lately it was proved.

A proof counts for *this account* in *this session* only, because it is kept in the
session's own row: nobody else's passkey can make it fresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from unlatch.core.kinds import Method
from unlatch.core.policy import Change, Demand, Policy
from unlatch.core.records import Account, LiveSession, Passkey, Session
from unlatch.core.times import MINUTE, SECOND
from unlatch.errors import NotFresh

FRESH = 5 * MINUTE


def is_fresh(session: Session, *, now: int, max_age: int = FRESH) -> bool:
    """Whether the newest proof inside the session is at most `max_age` microseconds old."""
    return session.proved_at >= now - max_age


def require_fresh(session: Session, *, now: int, max_age: int = FRESH) -> None:
    """What a host's own view may want: any fresh proof.

    Raises:
        NotFresh: The newest proof is too old.
    """
    if not is_fresh(session, now=now, max_age=max_age):
        raise NotFresh


@dataclass(frozen=True, slots=True)
class WaysToProve:
    """Attributes:
    passkeys: Those that would do.
    email: Whether a mailed code would do.
    """

    passkeys: tuple[Passkey, ...]
    email: bool


class Freshness:
    """The rules of `Policy`, and on top of them what the host's policy demands."""

    def __init__(self, policy: Policy) -> None:
        self._policies = (Policy(), policy)

    def require(
        self, live: LiveSession, passkeys: Sequence[Passkey], change: Change, *, now: int
    ) -> None:
        """Whether a session may make a change. One that registered the account just now needs
        no passkey for it: nobody was there before it.

        Args:
            passkeys: All of the session's account.

        Raises:
            NotFresh: The newest proof is too old, or not of the kind that is wanted.
        """
        session = live.session
        demand = self._demand(change, live.account)
        require_fresh(session, now=now, max_age=demand.max_age * SECOND)
        if session.proof_method is Method.REGISTRATION:
            return
        ways = self._ways(demand, passkeys, now)
        if not ways.email and session.proof_passkey_id not in {one.id for one in ways.passkeys}:
            raise NotFresh

    def ways_to_prove(
        self, account: Account, passkeys: Sequence[Passkey], change: Change | None, *, now: int
    ) -> WaysToProve:
        """What would make a session fresh enough.

        Args:
            passkeys: All of the account.
            change: What for, or None for what a host guards itself: any proof will do.
        """
        demand = self._demand(change, account) if change else Demand()
        return self._ways(demand, passkeys, now)

    def serves(self, passkey: Passkey, *, now: int) -> bool:
        """Whether a passkey is past its probation, or never was on one."""
        probation = max(policy.probation for policy in self._policies) * SECOND
        return passkey.added_on is not Method.EMAIL or passkey.added_at <= now - probation

    def added_on(self, session: Session, passkeys: Sequence[Passkey], *, now: int) -> Method:
        """By what proof a passkey counts as added in a session. One that does not serve yet
        cannot vouch for another: whoever got into the mailbox would add two, the second on
        the first.

        Args:
            passkeys: All of the session's account.
        """
        if session.proof_method is not Method.PASSKEY:
            return session.proof_method
        serving = {one.id for one in passkeys if self.serves(one, now=now)}
        return Method.PASSKEY if session.proof_passkey_id in serving else Method.EMAIL

    def _demand(self, change: Change, account: Account) -> Demand:
        demands = [_demand_of(policy, change, account) for policy in self._policies]
        return Demand(
            max_age=min(one.max_age for one in demands),
            by_passkey=any(one.by_passkey for one in demands),
        )

    def _ways(self, demand: Demand, passkeys: Sequence[Passkey], now: int) -> WaysToProve:
        serving = tuple(one for one in passkeys if self.serves(one, now=now))
        if demand.by_passkey and serving:
            return WaysToProve(serving, email=False)
        return WaysToProve(tuple(passkeys), email=True)


def _demand_of(policy: Policy, change: Change, account: Account) -> Demand:
    match change:
        case Change.ADD_PASSKEY:
            return policy.to_add_passkey(account)
        case Change.REMOVE_PASSKEY:
            return policy.to_remove_passkey(account)
        case Change.CHANGE_ADDRESS:
            return policy.to_change_address(account)
