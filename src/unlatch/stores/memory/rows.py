"""What is kept in memory, and how a transaction works on it.

Records are frozen, so a transaction is easy: it works on copies of the dictionaries, and its
end puts them in the place of the old ones.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from unlatch.core.decoys import KEPT_AS
from unlatch.core.records import Account, Event, Mail, Passkey, Session
from unlatch.core.secrets import random_secret
from unlatch.errors import StoreError

TURN_SECONDS = 10.0
"""Who waits longer has most likely opened a second transaction inside a first."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Rows:
    """All there is; keys are what rows are most looked up by."""

    accounts: dict[str, Account] = field(default_factory=dict)
    passkeys: dict[str, Passkey] = field(default_factory=dict)
    sessions: dict[bytes, Session] = field(default_factory=dict)
    mails: dict[str, Mail] = field(default_factory=dict)
    marks: set[bytes] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    meta: dict[str, bytes] = field(default_factory=lambda: {KEPT_AS: random_secret()})

    def copy(self) -> "Rows":
        return Rows(
            dict(self.accounts),
            dict(self.passkeys),
            dict(self.sessions),
            dict(self.mails),
            set(self.marks),
            list(self.events),
            dict(self.meta),
        )

    def enabled(self, account_id: str) -> Account | None:
        account = self.accounts.get(account_id)
        return account if account and account.enabled else None

    def sessions_of(self, account_id: str) -> list[Session]:
        """Most recently seen first."""
        own = [one for one in self.sessions.values() if one.account_id == account_id]
        return sorted(own, key=lambda one: (one.last_seen_at, one.began_at), reverse=True)

    def drop_account(self, account_id: str) -> None:
        del self.accounts[account_id]
        drop(self.passkeys, lambda one: one.account_id == account_id)
        drop(self.sessions, lambda one: one.account_id == account_id)
        drop(self.mails, lambda one: one.account_id == account_id)


class Memory:
    """The rows as committed last."""

    def __init__(self) -> None:
        self.rows = Rows()
        self._writer = threading.Lock()

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """Rows that take the place of the old ones, unless something is raised."""
        if not self._writer.acquire(timeout=TURN_SECONDS):
            raise StoreError("waited in vain for another transaction to end")
        try:
            rows = self.rows.copy()
            yield rows
            self.rows = rows
        finally:
            self._writer.release()


class Reader:
    """Reads what was committed last; what a unit is about to write stays its own."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    @property
    def _rows(self) -> Rows:
        return self._memory.rows


class Writer:
    """Writes into the rows of one transaction."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows


def drop(table: dict[K, V], falls: Callable[[V], bool]) -> int:
    """Gives how many."""
    fallen = [key for key, value in table.items() if falls(value)]
    for key in fallen:
        del table[key]
    return len(fallen)
