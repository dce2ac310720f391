"""After a restore: what a copy of the database brought back counts no more.

The copy knows nothing of what happened since it was made: sessions that ended count again, a
link that was used opens again, and an answered ceremony has lost its mark.
"""

from dataclasses import dataclass

from unlatch.core import events
from unlatch.core.ports import Stores


@dataclass(frozen=True, slots=True)
class Voided:
    """How many of each there were."""

    sessions: int
    mails: int


def after_restore(stores: Stores, *, now: int) -> Voided:
    """End every session, and void every mail and every ceremony that was begun before `now`.

    Raises:
        StoreError: The database is away; nothing was changed.
    """
    with stores.unit() as unit:
        # Ceremonies are in the cookies of browsers, out of reach; so a moment is kept.
        unit.ceremonies.void(begun_before=now)
        voided = Voided(
            sessions=unit.sessions.end_everybodys(), mails=unit.mails.forget_everybodys()
        )
        unit.events.add(events.restored(sessions=voided.sessions, mails=voided.mails, at=now))
    return voided
