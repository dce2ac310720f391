"""The ledger held against the rows: what was acknowledged is there, what was refused is not, what
nobody knows is there once at most; and nothing is half there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from faults.ledger import Entry, Ledger, Outcome
from sqlalchemy import func, select

from unlatch.core.kinds import Purpose
from unlatch.core.records import Account
from unlatch.core.times import DAY
from unlatch.stores.sql.stores import SqlStores
from unlatch.stores.sql.tables import accounts, mails

WRITES = {
    "register": "registered",
    "add_passkey": "passkey_added",
    "sign_in": "signed_in by passkey",
    "sign_in_by_code": "signed_in by email",
    "rename": "passkey_renamed",
    "remove": "passkey_removed",
    "end_session": "session_ended",
}
"""The event that each deed writes, in its transaction. Signing out writes one only where somebody
was signed in, and asking for a mail writes a row.
"""

BEGINS = ("register", "sign_in", "sign_in_by_code")
"""Deeds that begin a session, and end the one that the browser had."""


@dataclass(frozen=True)
class Audit:
    """Args:
    now: A moment for what counts at a moment: the newest of the site's clock.
    """

    ledger: Ledger
    stores: SqlStores
    now: int

    def faults(self) -> list[str]:
        """A sentence for everything that is not as it was answered."""
        found = []
        for who in sorted(self.ledger.people()):
            entries = self.ledger.of(who)
            account = self.stores.accounts.by_username(who)
            found += [f"{who}: {fault}" for fault in _person(self, entries, account)]
        found += _answers(self.ledger.entries)
        found += self._strangers()
        return found

    def _strangers(self) -> Iterator[str]:
        (count,) = self.stores.database.rows(select(func.count()).select_from(accounts))[0]
        known = sum(
            self.stores.accounts.by_username(who) is not None for who in self.ledger.people()
        )
        if count != known:
            yield f"{count} accounts, but only {known} asked for"


def _answers(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.outcome in (Outcome.BROKEN, Outcome.OPEN):
            yield f"{entry.who}: {entry.deed} was answered {entry.status}, {entry.outcome}"


def _person(audit: Audit, entries: list[Entry], account: Account | None) -> Iterator[str]:
    if account is None:
        for entry in entries:
            if entry.is_acknowledged and entry.deed != "look":
                yield f"{entry.deed} was acknowledged, and nobody of that name is here"
        return
    yield from _Person(audit, entries, account).faults()


class _Person:
    """One account, and all that its owner asked for."""

    def __init__(self, audit: Audit, entries: list[Entry], account: Account) -> None:
        self._entries = entries
        self._account = account
        stores = audit.stores
        self._events = stores.events.of(account.id, limit=10_000)
        self._counted = Counter(_kind(event.kind, event.facts) for event in self._events)
        self._passkeys = stores.passkeys.of(account.id)
        self._sessions = stores.sessions.of(account.id, now=audit.now, idle=100 * DAY)
        asked = stores.database.rows(
            select(mails.c.purpose).where(mails.c.account_id == account.id)
        )
        self._mails = Counter(row[0] for row in asked)

    def faults(self) -> Iterator[str]:
        yield from self._whole()
        for deed, kind in WRITES.items():
            yield from self._bounds(deed, self._counted[kind], f"events {kind}")
        yield from self._bounds("ask_mail", self._mails[Purpose.SIGN_IN.value], "mails")
        yield from self._twice()
        yield from self._keyring()
        yield from self._names()
        yield from self._signed_in()

    def _whole(self) -> Iterator[str]:
        """No half account."""
        parts = {
            "registered": self._counted["registered"],
            "signed in": self._counted["signed_in by registration"],
            "asked to confirm": self._mails[Purpose.CONFIRM.value],
        }
        if set(parts.values()) != {1}:
            yield f"half an account: {parts}"
        began = sum(count for kind, count in self._counted.items() if kind.startswith("signed_in"))
        if len(self._sessions) > began:
            yield f"{len(self._sessions)} sessions of {began} sign-ins"

    def _bounds(self, deed: str, rows: int, what: str) -> Iterator[str]:
        """Acknowledged ⊆ rows ⊆ acknowledged or unknown; of what counts once, one."""
        spent: dict[str, list[Entry]] = {}
        for entry in self._of(deed):
            spent.setdefault(entry.once or str(entry.number), []).append(entry)
        least = sum(any(one.is_acknowledged for one in group) for group in spent.values())
        most = sum(any(one.outcome.may_be_done for one in group) for group in spent.values())
        if not least <= rows <= most:
            yield f"{deed}: {least} acknowledged, {most} may be, and {rows} {what}"

    def _twice(self) -> Iterator[str]:
        taken = Counter(
            (entry.deed, entry.once)
            for entry in self._entries
            if entry.once and entry.is_acknowledged
        )
        yield from (f"{deed} was taken {n} times" for (deed, _), n in taken.items() if n > 1)

    def _keyring(self) -> Iterator[str]:
        """A passkey is there if it was added and not removed: rows and events are one."""
        there = {passkey.id for passkey in self._passkeys}
        added, removed = (
            Counter(str(event.facts["passkey"]) for event in self._events if event.kind == kind)
            for kind in ("passkey_added", "passkey_removed")
        )
        for passkey in there | set(added):
            if added[passkey] - removed[passkey] != (passkey in there):
                yield f"passkey {passkey}: added {added[passkey]}, removed {removed[passkey]} times"
        for entry in self._of("add_passkey"):
            if entry.is_acknowledged and entry.told["passkey"] not in added:
                yield f"passkey {entry.told['passkey']} was acknowledged and is not there"
        for entry in self._of("remove"):
            if entry.is_acknowledged and entry.facts["passkey"] in there:
                yield f"passkey {entry.facts['passkey']} was removed and is there"

    def _names(self) -> Iterator[str]:
        """The last name that was acknowledged, or one that may have come after it."""
        for passkey in self._passkeys:
            given = [one for one in self._of("rename") if one.facts["passkey"] == passkey.id]
            may_be: set[str] = set()
            for entry in given:
                if entry.is_acknowledged:
                    may_be = set()
                if entry.outcome.may_be_done:
                    may_be.add(entry.facts["name"])
            if any(one.is_acknowledged for one in given) and passkey.name not in may_be:
                yield f"passkey {passkey.id} is called {passkey.name!r}, and not {may_be}"

    def _signed_in(self) -> Iterator[str]:
        live = {session.token_hash.hex() for session in self._sessions}
        began = {
            entry.told["session"]: entry
            for entry in self._entries
            if entry.deed in BEGINS and entry.is_acknowledged
        }
        for session, entry in began.items():
            later = [one for one in self._entries if one.number > entry.number]
            if session not in live and not any(_may_end(one, session) for one in later):
                yield f"the session of {entry.deed} was acknowledged and is gone"
            if session in live and any(_ends(one, session) for one in later):
                yield f"the session of {entry.deed} was ended and is there"
        ended = {one.facts["session_id"] for one in self._of("end_session") if one.is_acknowledged}
        yield from (
            f"session {one.id} was ended and is there" for one in self._sessions if one.id in ended
        )

    def _of(self, deed: str) -> list[Entry]:
        return [entry for entry in self._entries if entry.deed == deed]


def _kind(kind: str, facts: dict[str, str | int | bool]) -> str:
    return f"{kind} by {facts['method']}" if kind == "signed_in" else kind


def _may_end(entry: Entry, session: str) -> bool:
    """Whether a request may have ended a session: that of its own browser, or, by a list or with
    a passkey, any other.
    """
    if not entry.outcome.may_be_done:
        return False
    if entry.deed in ("remove", "end_session"):
        return True
    return entry.deed in (*BEGINS, "sign_out") and entry.facts["had"] == session


def _ends(entry: Entry, session: str) -> bool:
    own = entry.deed in (*BEGINS, "sign_out") and entry.facts["had"] == session
    return own and entry.is_acknowledged
