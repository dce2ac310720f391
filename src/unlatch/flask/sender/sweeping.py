"""Sweeping: what nobody can use any more is taken away, a few rows at a time."""

import logging

from unlatch.core.addresses import UNCONFIRMED_LIFETIME
from unlatch.core.ports import Stores
from unlatch.core.times import DAY, HOUR, MINUTE, Clock

EVERY = MINUTE
BITE = 500
"""How many rows one statement takes at most: others who write wait for it."""

FEW = 50
"""The same for accounts: each takes up to twenty passkeys, sessions and mails with it."""

EXPIRED_FOR = HOUR
"""How long mails and sessions lie where they are: another machine's clock may be behind."""

MARKS_KEPT = DAY
"""Far more than the minutes in which a ceremony can be answered."""

EVENTS_KEPT = 365 * DAY
"""Whoever looks into what happened to an account looks back a year at most."""

log = logging.getLogger("unlatch.sender")


class Sweeper:
    """Sweeps once a minute, however often it is asked."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock
        self._due_at = clock() + EVERY

    def sweep(self) -> None:
        """Take a bite of each kind, if it is time. After a full one it is time again.

        Raises:
            StoreError: The store is away. It is still time then.
        """
        now = self._clock()
        if now < self._due_at:
            return
        was_full = (
            self._stores.mails.sweep(expired_before=now - EXPIRED_FOR, most=BITE) == BITE,
            self._stores.sessions.sweep(expired_before=now - EXPIRED_FOR, most=BITE) == BITE,
            self._stores.ceremonies.sweep(begun_before=now - MARKS_KEPT, most=BITE) == BITE,
            self._stores.events.sweep(before=now - EVENTS_KEPT, most=BITE) == BITE,
            self._sweep_accounts(now) == FEW,
        )
        if not any(was_full):
            self._due_at = now + EVERY

    def _sweep_accounts(self, now: int) -> int:
        """Those whose address nobody proved in seven days, and in which nobody was seen since."""
        gone = self._stores.accounts.sweep(stale_before=now - UNCONFIRMED_LIFETIME, most=FEW)
        if gone:
            log.info("accounts that nobody confirmed, and gone by now: %d", gone)
        return gone
