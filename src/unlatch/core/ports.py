"""What the rules need from the world, as small Protocols.

Two kinds of access, told apart by type so that they cannot be mixed up:

- what hangs on `Stores` itself is mostly *one statement*, and is committed when it returns;
- what hangs on a `Unit` is part of *one transaction* that commits whole or not at all.
  A `Refused` (or anything else) raised inside `with stores.unit()` rolls it back.

A method that "spends" is one conditional statement: of many callers at once, one wins.
Every method takes the present moment as a parameter where it needs one. A database that
is away raises `StoreError`, from any of them. The test is
`unlatch.testing.store_contract.StoreContract`.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from unlatch.core.kinds import Purpose
from unlatch.core.records import (
    Account,
    Event,
    KnownPasskey,
    LiveSession,
    Mail,
    Named,
    Passkey,
    PasskeyUse,
    Session,
)
from unlatch.core.throttle import Allowance


class AccountKeeper(Protocol):
    def find(self, account_id: str) -> Account | None: ...

    def by_username(self, username_key: str) -> Account | None: ...

    def by_address(self, address_key: str) -> Account | None: ...

    def sweep(self, *, stale_before: int, most: int) -> int:
        """Delete at most `most` unconfirmed accounts made before a moment and not seen since,
        the oldest, with all that is theirs; gives how many. *Seen* is a session that is not
        signed out, by its `last_seen_at`.
        """
        ...


class PasskeyReader(Protocol):
    def find(self, credential_id: bytes, *, now: int) -> KnownPasskey | None:
        """The passkey, its account (disabled or not) and what is pending, in one select."""
        ...

    def of(self, account_id: str) -> list[Passkey]:
        """All of an account, oldest first."""
        ...

    def named(self, *, username_key: str | None, address_key: str | None) -> Named:
        """Whose the name is, and what is told of their passkeys. Only one of the two is given,
        or none: then it is nobody's. One select, whose work should not tell whether anybody
        has the name.
        """
        ...


class SessionKeeper(Protocol):
    def find(self, token_hash: bytes, *, now: int, idle: int) -> LiveSession | None:
        """The session if it counts: neither expired nor idle for longer than `idle`
        microseconds, its account not disabled. One select."""
        ...

    def of(self, account_id: str, *, now: int, idle: int) -> list[Session]:
        """Those of an account that count, most recently seen first."""
        ...

    def touch(self, token_hash: bytes, *, now: int) -> None:
        """Write `last_seen_at`."""
        ...

    def sweep(self, *, expired_before: int, most: int) -> int:
        """Delete at most `most` that expired before a moment, the oldest; gives how many."""
        ...


class MailKeeper(Protocol):
    """The rows of mails; also the outbox the sender works through."""

    def find(self, mail_id: str) -> Mail | None: ...

    def spend_try(
        self,
        mail_id: str,
        *,
        purpose: Purpose,
        binding_hash: bytes,
        limit: int,
        now: int,
        by_code: bool,
    ) -> Mail | None:
        """Count one try of at most `limit` and give the row as it then is.

        None, and nothing counted, unless the mail is for this purpose and this binding,
        unspent, not killed, not expired and has tries left.

        Args:
            by_code: A code was typed. Where the browser that asked is not known to the account,
                the try also counts against its budget (`code_budget.py`). A mail that was killed
                takes such tries, too, and they count for nothing: else a stranger would see that
                somebody signed in. Beyond the budget, and of a killed mail, the row given has no
                code, so that none fits; nothing else tells. The same statements run whether or
                not there is an account.
        """
        ...

    def claim(self, *, now: int, lease: int) -> Mail | None:
        """Take the next mail that is due, for `lease` microseconds, and count a delivery.

        Due: not sent, used or killed, not expired, `due_at` and `lease_until` past.
        Two senders never hold one mail. Earliest `due_at` first.

        Raises:
            CommitUnknown: One may be held until `now + lease`: `release` it. After any other
                `StoreError` none is.
        """
        ...

    def release(self, claim: int) -> bool:
        """Give a claim back that nobody heard of, and that is known only by when it ends: what it
        holds is due again at once, but for what was handed over. False if it holds nothing; that
        may still come, from a COMMIT that is under way.

        It may be that of another sender as well, who claimed at the same microsecond. Its lease is
        lost then, so that it hands nothing over.
        """
        ...

    def live(self, account_id: str, *, now: int) -> int:
        """How many minted mails of an account could still be spent, those aside that browsers
        asked for which it knows.
        """
        ...

    def mint(self, mail: Mail, *, link_hash: str | None, code_hash: str | None, now: int) -> bool:
        """Write new hashes into a claimed mail; False if it was killed or used, has expired,
        or its lease was lost.

        The claim is known by `mail.lease_until`.
        """
        ...

    def hand_over(self, mail: Mail, *, now: int) -> bool:
        """Write, before a claimed mail is handed to a mail server, that it is: from then on it
        is not due any more, so that a sender that dies meanwhile cannot have it sent twice.
        False, and it must not be sent, if it was killed or used, has expired, or its lease was
        lost.
        """
        ...

    def postpone(self, mail: Mail, *, until: int) -> None:
        """Give the claim back; due again at `until`, also if it was being handed over: nothing
        of it was taken.
        """
        ...

    def give_up(self, mail: Mail) -> None:
        """Never send it: it has no account, or was refused for good. The row stays until it
        expires, so that a visitor's tries look the same whether a mail went out or not.
        Whoever holds the lease by now: no other sender would fare better.
        """
        ...

    def oldest_unsent(self, *, now: int) -> int | None:
        """When that mail was asked for that should leave, has not, and has waited longest; None
        if there is none. One select.

        Those that are tried again later count: they wait, too. Not those that were given up.
        """
        ...

    def sweep(self, *, expired_before: int, most: int) -> int:
        """Delete at most `most` that expired before a moment, the oldest; gives how many."""
        ...


class CeremonyKeeper(Protocol):
    def sweep(self, *, begun_before: int, most: int) -> int:
        """Delete at most `most` marks of ceremonies begun before a moment, the oldest; gives
        how many. By then nobody can answer them any more.
        """
        ...


class EventKeeper(Protocol):
    def of(self, account_id: str, *, limit: int) -> list[Event]:
        """An account's newest events, newest first."""
        ...

    def sweep(self, *, before: int, most: int) -> int:
        """Of the `most` that were written first, delete those that happened before a moment;
        gives how many. It looks at no others, so that it costs the same among millions.
        """
        ...


class MetaReader(Protocol):
    """What is true of the database as a whole: small values by their names."""

    def get(self, name: str) -> bytes | None:
        """The value of that name, or None. A new store has its decoys' secret
        (`unlatch.core.decoys.KEPT_AS`): 32 random bytes, made once and never changed.
        """
        ...


class CeremonyWriter(Protocol):
    def spend(self, mark: bytes) -> None:
        """Mark a ceremony as answered. `mark` begins with the time of its beginning
        (`ceremonies.mark_time`), so that sweeping old marks is a range delete.

        Raises:
            CeremonyGone: It was marked before, or is void.
        """
        ...

    def void(self, *, begun_before: int) -> None:
        """Let no ceremony be spent any more that was begun before a moment, marked or not. What is
        being written in anybody's account is over when this returns, and nothing begins before
        the transaction ends: so that all that is to end can be found.
        """
        ...


class AccountWriter(Protocol):
    def add(self, account: Account, *, stale_before: int) -> None:
        """Insert. Unconfirmed accounts made before `stale_before` and not seen since,
        that hold the same username or address, are deleted first, with all that is theirs.

        Raises:
            UsernameTaken, AddressTaken: By the database's unique constraints.
        """
        ...

    def confirm(self, account_id: str, *, now: int) -> bool:
        """Write `confirmed_at`; False if it was confirmed before (or is gone or disabled)."""
        ...

    def change_unconfirmed_address(
        self, account_id: str, *, address: str, address_key: str, stale_before: int
    ) -> bool:
        """Correct the address; False if it is confirmed already. Another unconfirmed account
        that holds it since before `stale_before` is deleted first, as in `add`. From then on
        nobody asks for a mail to this account until the transaction ends: what was asked for
        before can be killed in it, and what comes after goes to the new address.

        Raises:
            AddressTaken: Somebody has it.
        """
        ...

    def forget_display_name(self, account_id: str) -> None: ...

    def forgive(self, account_id: str) -> None:
        """Count its wrong codes from zero again."""
        ...

    def disable(self, account_id: str, *, now: int) -> bool:
        """Write `disabled_at`; False if it was disabled before (or is gone). Its sessions and
        mails count no more from then on, but are left for the caller to end.
        """
        ...


class PasskeyWriter(Protocol):
    def add(self, passkey: Passkey, *, limit: int) -> None:
        """Insert.

        Raises:
            PasskeyExists: The credential id is known, whoever has it.
            TooManyPasskeys: The account has `limit` already.
            NotSignedIn: The account is gone or disabled.
        """
        ...

    def record_use(self, use: PasskeyUse, *, now: int) -> None:
        """Write it, only if the passkey is still there with the owner and the counter that
        were read, and its account enabled. One statement.

        Raises:
            PasskeyRefused: It is not.
        """
        ...

    def rename(self, account_id: str, passkey_id: str, name: str) -> bool:
        """False if the account has no such passkey."""
        ...

    def remove(self, account_id: str, passkey_id: str) -> bool:
        """False if the account has no such passkey. One statement: of two removals at once,
        not both take the last way in.

        Raises:
            LastWayIn: It is the only one of an account whose address nobody has proved.
        """
        ...

    def remove_all(self, account_id: str) -> int:
        """Gives how many there were."""
        ...


class SessionWriter(Protocol):
    def add(self, session: Session) -> int:
        """Insert, only while the account is there and enabled. Gives how many other sessions
        the account has, the expired and not yet swept included.

        Raises:
            NotSignedIn: It is not.
            CeremonyGone: A session was made from the same ceremony or mail before.
        """
        ...

    def require(self, token_hash: bytes) -> None:
        """Hold the session until the transaction ends, so that what is written in its name
        cannot outlive it.

        Raises:
            NotSignedIn: The session ended meanwhile, or the account is disabled.
        """
        ...

    def prove(self, old_token_hash: bytes, session: Session) -> None:
        """Give a live session its new token hash and its new proof (step-up).

        Raises:
            NotSignedIn: The session ended meanwhile, or the account is disabled.
            CeremonyGone: The same ceremony or mail was used for a session before.
        """
        ...

    def end_one(self, account_id: str, session_id: str) -> bool: ...

    def end_begun_by(self, passkey_id: str, *, except_token_hash: bytes) -> int: ...

    def end_all(self, account_id: str) -> int: ...

    def end_beyond(self, account_id: str, *, keep: int) -> int:
        """End the least recently seen, so that `keep` are left."""
        ...

    def end_everybodys(self) -> int:
        """End all sessions of all accounts; gives how many there were."""
        ...


class MailWriter(Protocol):
    def ask(self, mail: Mail) -> None:
        """Insert, and kill the older ones that the same binding asked for the same purpose."""
        ...

    def spend(self, mail_id: str, *, now: int) -> None:
        """Mark as used.

        Raises:
            MailGone: It was used, killed or has expired.
        """
        ...

    def kill_pending(self, account_id: str, *, now: int) -> int:
        """Kill all of an account's mails that carry a secret and could still be spent."""
        ...

    def kill_all(self, account_id: str, *, now: int) -> int:
        """Kill all of an account's mails that are neither used nor killed, those that only
        tell something, too: none of them is sent any more.
        """
        ...

    def forget_everybodys(self) -> int:
        """Delete all mails, sent or not, of everybody and nobody; gives how many there were."""
        ...


class EventWriter(Protocol):
    def add(self, event: Event) -> None: ...


class Unit(Protocol):
    """One transaction."""

    @property
    def ceremonies(self) -> CeremonyWriter: ...
    @property
    def accounts(self) -> AccountWriter: ...
    @property
    def passkeys(self) -> PasskeyWriter: ...
    @property
    def sessions(self) -> SessionWriter: ...
    @property
    def mails(self) -> MailWriter: ...
    @property
    def events(self) -> EventWriter: ...

    def admit(self, use: PasskeyUse, session: Session, event: Event) -> int:
        """Let somebody in by a passkey, once: spend the ceremony that the session is made from,
        record the use as of the session's beginning, add session and event, all of one account.
        Gives how many other sessions the account has, as `SessionWriter.add` does; those count
        that were added while this one waited for the account.

        One call, because it is what a site does all day, and some stores have a quicker way. A
        store without one takes the steps: `unlatch.stores.admitting.admit`. They wait for the
        ceremony first, and for the account then, as all do that write both; else two could wait
        for each other. After a refusal the transaction has to be given up.

        Raises:
            CeremonyGone: It was answered before, is void, or made a session before. Of two reasons
                this is told.
            PasskeyRefused: The passkey is not there any more as it was read, or its account is
                disabled.
        """
        ...


class Throttle(Protocol):
    """Counters of who tried how often. Losing them loosens limits until they refill, and
    nothing else.
    """

    @property
    def degraded(self) -> bool:
        """Whether what should be shared is counted by each process for itself."""
        ...

    def request_begins(self) -> None:
        """This thread begins to answer a visitor, who waits for counters so long and no longer."""
        ...

    def take(self, wanted: Sequence[Allowance], *, now: int) -> int:
        """Take one of each, or of none. Gives 0, or how many microseconds to wait until
        there is one of each. Of many callers at once, no more get one than there are.
        """
        ...

    def give_back(self, taken: Sequence[Allowance], *, now: int) -> None:
        """One of each was not needed. At once, or, where a counter regains one within a minute, at
        this process's next `take`; but not once it has regained it.
        """
        ...


class Stores(Protocol):
    """All that is kept, in one place."""

    @property
    def ceremonies(self) -> CeremonyKeeper: ...
    @property
    def accounts(self) -> AccountKeeper: ...
    @property
    def passkeys(self) -> PasskeyReader: ...
    @property
    def sessions(self) -> SessionKeeper: ...
    @property
    def mails(self) -> MailKeeper: ...
    @property
    def events(self) -> EventKeeper: ...
    @property
    def meta(self) -> MetaReader: ...

    def unit(self) -> AbstractContextManager[Unit]: ...

    def close(self) -> None: ...
