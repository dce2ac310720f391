"""Sweeping: what nobody can use any more is taken away, a few rows at a time."""

import logging
import secrets
from collections.abc import Callable
from functools import partial

from unlatch.core.addresses import UNCONFIRMED_LIFETIME
from unlatch.core.ports import Stores
from unlatch.core.times import DAY, HOUR, MINUTE, Clock

EVERY = MINUTE
BITE = 500
"""How many rows one statement takes at most: others who write wait for it."""

FEW = 50
"""The same for accounts: each takes up to twenty passkeys, sessions and mails with it."""

BREATH = 0.15
"""Seconds between two bites: another process that waits for its turn at SQLite looks every tenth
of a second, and must not find the next bite there each time.
"""

EXPIRED_FOR = HOUR
"""How long mails and sessions lie where they are: another machine's clock may be behind."""

MARKS_KEPT = DAY
"""Far more than the minutes in which a ceremony can be answered."""

log = logging.getLogger("unlatch.sender")


class Sweeper:
    """Sweeps about once a minute, however often it is asked.

    Every process that sends mail sweeps, too: what one takes another leaves alone, so it is
    done whichever of them lives. Each begins at a moment of its own, lest those that were
    started together all look at once.

    Args:
        events_kept: Microseconds that it is kept what happened.
        breathe: Called between two bites, with nothing held; whether to end instead of going on.
    """

    def __init__(
        self,
        stores: Stores,
        clock: Clock,
        *,
        events_kept: int,
        breathe: Callable[[], bool],
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._events_kept = events_kept
        self._breathe = breathe
        self._due_at = clock() + secrets.randbelow(EVERY)

    def sweep(self) -> bool:
        """Take a bite of each kind, if it is time. After one that was not small there is more, and
        it is time again.

        Raises:
            StoreError: The store is away, or has something locked. It is time again in a minute:
                it is asked after each mail, and none should wait for what cannot be swept.
        """
        now = self._clock()
        if now < self._due_at:
            return False
        self._due_at = now + EVERY
        is_more = False
        for bite, most in self._bites(now):
            taken = bite()
            # Events are taken by their numbers, of which PostgreSQL leaves some out.
            is_more |= 2 * taken >= most
            if taken and self._breathe():
                break
        if is_more:
            self._due_at = now
        return is_more

    def _bites(self, now: int) -> tuple[tuple[Callable[[], int], int], ...]:
        """Each a transaction of its own, and how many rows it takes at most."""
        stores, expired = self._stores, now - EXPIRED_FOR
        events = partial(stores.events.sweep, before=now - self._events_kept, most=BITE)
        return (
            (partial(stores.mails.sweep, expired_before=expired, most=BITE), BITE),
            (partial(stores.sessions.sweep, expired_before=expired, most=BITE), BITE),
            (partial(stores.ceremonies.sweep, begun_before=now - MARKS_KEPT, most=BITE), BITE),
            (events, BITE),
            (partial(self._sweep_accounts, now), FEW),
        )

    def _sweep_accounts(self, now: int) -> int:
        """Those whose address nobody proved in seven days, and in which nobody was seen since."""
        gone = self._stores.accounts.sweep(stale_before=now - UNCONFIRMED_LIFETIME, most=FEW)
        if gone:
            log.info("accounts that nobody confirmed, and gone by now: %d", gone)
        return gone
