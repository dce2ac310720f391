"""Whether the site can do its work, and what of it only limps.

Without its database it can do nothing: then it is not ready, and a load balancer takes it out.
All else would be the same at every other worker, so taking this one out would help nobody: that
is told, and the site goes on.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from flask import Flask, current_app

from unlatch.errors import StoreError
from unlatch.flask.state import State, now
from unlatch.server.probe import Probe

NAME = "unlatch.readiness"

PATIENCE = 1.0
"""Seconds that the database has, for all that is asked."""

OUTBOX_LATE = 120.0
"""Seconds that a mail may wait: it is of use for ten minutes."""

SKEW_MAX = 10.0
"""Seconds between this clock and the database's: at 30, what one worker began looks to another as
if it came from the future.
"""

PARTS = ("redis", "database_slow", "outbox", "clock")
"""What may limp."""

_MICROSECONDS = 1e6

log = logging.getLogger("unlatch")


@dataclass(frozen=True, slots=True)
class Measured:
    """Attributes:
    outbox_age: Seconds that the oldest mail has waited which should have left; 0 if none does.
    clock_skew: Seconds that the database's clock is ahead of ours; 0 where it is the same one.
    """

    outbox_age: float = 0.0
    clock_skew: float = 0.0


@dataclass(frozen=True, slots=True)
class Database:
    """Attributes:
    stands: `away`; or how its tables stand to this code, a `stores.sql.schema.State`'s value.
    serves: Whether this code works with it.
    """

    stands: str
    serves: bool


AWAY = Database("away", serves=False)
MEMORY = Database("fits", serves=True)
"""There are no tables in it."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Attributes:
    database: `fits`, `expanded`, `behind`, `ahead`, `empty` or `away`.
    is_ready: Whether visitors should be sent here.
    throttle_degraded: The shared counters of the limits are away; each process has its own.
    measured: None where the database took too long to tell.
    """

    database: str
    is_ready: bool
    throttle_degraded: bool
    measured: Measured | None

    @property
    def degraded(self) -> list[str]:
        """What limps, of `PARTS`."""
        measured = self.measured or Measured()
        limps = (
            self.throttle_degraded,
            self.is_ready and self.measured is None,
            measured.outbox_age > OUTBOX_LATE,
            abs(measured.clock_skew) > SKEW_MAX,
        )
        return [part for part, limping in zip(PARTS, limps, strict=True) if limping]


class Watch:
    """Looks at what one app stands on.

    Attributes:
        told: Called with what was found; may be replaced at any time.
    """

    def __init__(self, state: State) -> None:
        self.told: Callable[[Readiness], object] = lambda _: None
        self._state = state
        self._database = Probe(self._look_at_database)
        self._measures = Probe(self._measure)

    def look(self) -> Readiness:
        """Takes little more than a second at most, whatever the database does."""
        ends = time.monotonic() + PATIENCE
        database = self._database.ask(PATIENCE)
        if database is None:
            log.error("not ready: no answer from the database within %g s", PATIENCE)
            database = AWAY
        measured = self._measures.ask(ends - time.monotonic()) if database.serves else None
        degraded = self._state.throttle.degraded
        found = Readiness(database.stands, database.serves, degraded, measured)
        self.told(found)
        return found

    def _look_at_database(self) -> Database:
        state = self._state
        if not hasattr(state.stores, "database"):
            return MEMORY
        database = state.stores.database
        try:
            if state.settings.database_url is None:
                with suppress(StoreError):  # whatever it is, `check` tells it next
                    database.make_ready()  # our own file makes itself at its first use: now
            found = database.check()
            return Database(found.value, found.serves)
        except StoreError as error:
            log.error("not ready: %s", error)
            return AWAY

    def _measure(self) -> Measured | None:
        try:
            asked_at = self._state.stores.mails.oldest_unsent(now=now())
            waited = 0 if asked_at is None else max(0, now() - asked_at)
            return Measured(waited / _MICROSECONDS, self._skew() / _MICROSECONDS)
        except StoreError as error:
            log.error("not measured: %s", error)
            return None

    def _skew(self) -> int:
        database = getattr(self._state.stores, "database", None)
        before = now()
        there = database.clock() if database is not None else None
        return 0 if there is None else there - (before + now()) // 2


def add_watch(app: Flask) -> None:
    """Give an app its own."""
    app.extensions[NAME] = Watch(app.extensions["unlatch"])


def watch_of(app: Flask) -> Watch:
    """That of an app."""
    watch: Watch = app.extensions[NAME]
    return watch


def look() -> Readiness:
    """How the current app stands."""
    return watch_of(current_app).look()
