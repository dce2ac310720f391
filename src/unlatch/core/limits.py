"""The limits: what a stranger may do how often, and what it costs an owner: nothing.

Each is counted per client address, with two exceptions. A browser that remembers an account,
which only a sign-in to it gives, has an allowance of its own, so that a neighbour behind the
same address, or a flood, never locks an owner out of a browser he has used. And mail is
counted per address asked for and network that asks.

Nothing here depends on whether an account exists: a 429 would tell.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from unlatch.core.kinds import Purpose
from unlatch.core.names import identifier_keys
from unlatch.core.ports import Throttle
from unlatch.core.records import Account
from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import HOUR, MINUTE, SECOND, Clock
from unlatch.core.visitor import Client, Visitor
from unlatch.errors import AddressTaken, Refused, TooMany, UsernameTaken

FAILURES = Limit("failures", 30, 10 * MINUTE)
"""Refused answers, codes and links. A success costs nothing."""

OPTIONS = Limit("options", 120, MINUTE, per_process=True)
"""Ceremonies begun: each may cost a look into the store. It guards the processor and nothing
secret, so each process guards its own.
"""

REGISTRATIONS = Limit("registrations", 5, HOUR)
TAKEN = Limit("taken", 10, HOUR)
"""Answers that say that a name or an address is taken, which tell who is here."""

MAILS = Limit("mails", 20, HOUR)
"""Mails in all that one address asks for."""

MAILS_TO = Limit("mails-to", 5, HOUR)
"""Mails to one mailbox that one network asks for."""

RENAMES = Limit("renames", 60, HOUR)
"""New names for an account's passkeys. Each is an event, and is kept for long."""


class Limits:
    """Every limit is taken first and given back where it was not needed: of many requests at
    once, no more than it allows get past it.
    """

    def __init__(self, throttle: Throttle, clock: Clock) -> None:
        self._throttle = throttle
        self._clock = clock

    def begin(self, client: Client) -> None:
        """A ceremony is begun.

        Raises:
            TooMany: Too many were.
        """
        self._take_one([Allowance(OPTIONS, who) for who in _counted_as(client)])

    @contextmanager
    def attempt(self, client: Client) -> Iterator[None]:
        """Somebody shows what should let them in; only a failure counts.

        Raises:
            TooMany: Too many failed, so this one is not looked at.
        """
        failure = self._take_one([Allowance(FAILURES, who) for who in _counted_as(client)])
        failed = False
        try:
            yield
        except Refused as refused:
            failed = refused.is_failure
            raise
        finally:
            if not failed:
                self._give_back([failure])

    def mail(self, visitor: Visitor, purpose: Purpose, account: Account | None, typed: str) -> None:
        """A mail is asked for.

        Args:
            account: Whose, or None where nobody is called that.
            typed: What it was asked by, in any spelling.

        Raises:
            TooMany: Too many were.
        """
        if account and account.confirmed_at is not None and visitor.is_known_to(account):
            own = _own_mails(account, purpose)
            if self._throttle.take([own], now=self._clock()) == 0:
                return
        self._take(_mails(visitor, purpose, account, typed))

    def lets_notice_out(self, visitor: Visitor, account: Account) -> bool:
        """Whether a notice goes to the address of an account: always once that is proved. Before,
        it may be a stranger's, whose mailbox a squatter would fill by adding and removing
        passkeys; so it counts as a mail that strangers ask for, and of the account from wherever
        it is used, and is left out beyond those.
        """
        if account.confirmed_at is not None:
            return True
        mails = _mails(visitor, Purpose.PASSKEY_ADDED, account, account.address)
        return self._throttle.take(mails, now=self._clock()) == 0

    def rename(self, account: Account) -> None:
        """A passkey gets another name.

        Raises:
            TooMany: Too many did.
        """
        self._take([Allowance(RENAMES, account.id)])

    @contextmanager
    def registration(self, visitor: Visitor, address: str) -> Iterator[None]:
        """An account is made and its address mailed; or it is said that a name is taken, which
        has a limit of its own.

        Raises:
            TooMany: One of the limits is reached. Also where the name would be free: else
                that answer would tell what the others may no longer.
        """
        mails = _mails(visitor, Purpose.CONFIRM, None, address)
        made = Allowance(REGISTRATIONS, visitor.client.address)
        with self._unless_taken(visitor.client, [made, *mails]):
            yield

    @contextmanager
    def correction(self, visitor: Visitor, account: Account, address: str) -> Iterator[None]:
        """An address is corrected and mailed; or it is said that it is taken.

        Raises:
            TooMany: One of the limits is reached.
        """
        mails = _mails(visitor, Purpose.CONFIRM, account, address)
        with self._unless_taken(visitor.client, mails):
            yield

    @contextmanager
    def _unless_taken(self, client: Client, costs: Sequence[Allowance]) -> Iterator[None]:
        taken = Allowance(TAKEN, client.address)
        self._take([taken, *costs])
        back: Sequence[Allowance] = [taken, *costs]
        try:
            yield
            back = [taken]
        except (UsernameTaken, AddressTaken):
            back = costs
            raise
        finally:
            self._give_back(back)

    def _take_one(self, choices: Sequence[Allowance]) -> Allowance:
        """The first that has one left. Whoever once got into an account can use up what its
        browsers have for themselves; then they are as good as any stranger, not locked out.
        """
        waits = []
        for one in choices:
            wait = self._throttle.take([one], now=self._clock())
            if not wait:
                return one
            waits.append(wait)
        raise _too_many(min(waits), choices)

    def _take(self, wanted: Sequence[Allowance]) -> None:
        wait = self._throttle.take(wanted, now=self._clock())
        if wait:
            raise _too_many(wait, wanted)

    def _give_back(self, taken: Sequence[Allowance]) -> None:
        self._throttle.give_back(taken, now=self._clock())


def _too_many(wait: int, wanted: Sequence[Allowance]) -> TooMany:
    names = dict.fromkeys(one.limit.name for one in wanted)
    return TooMany(-(-wait // SECOND), f"of {' or '.join(names)}")


def _counted_as(client: Client) -> list[str]:
    """By whom: what the browser remembers, and then where it comes from."""
    if client.remembers is None:
        return [client.address]
    # Apart, so that a squatter's failures are not counted as those of the owner who came.
    proved = "proved" if client.remembers_proved else "unproved"
    return [f"{proved} account {client.remembers}", client.address]


def _own_mails(account: Account, purpose: Purpose) -> Allowance:
    return Allowance(MAILS_TO, f"account {account.id} {purpose.value}")


def _mails(
    visitor: Visitor, purpose: Purpose, account: Account | None, typed: str
) -> list[Allowance]:
    """What a mail costs a stranger."""
    client = visitor.client
    address, username = identifier_keys(typed)  # every spelling of it is one counter
    mailbox = address or username or typed
    costs = [
        Allowance(MAILS_TO, f"{client.network} {mailbox}"),
        Allowance(MAILS, client.address),
    ]
    # While nobody has proved the address it may be a stranger's; so whoever registered there has
    # no allowance for other people's mailboxes, and the account's own comes on top.
    if account is not None and account.confirmed_at is None and visitor.is_known_to(account):
        costs.append(_own_mails(account, purpose))
    return costs
