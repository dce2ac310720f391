"""What lets somebody in by a passkey, step by step."""

from unlatch.core.ports import Unit
from unlatch.core.records import Event, PasskeyUse, Session


def admit(unit: Unit, use: PasskeyUse, session: Session, event: Event) -> int:
    """As `Unit.admit`, by the unit's other promises: for every store that has no quicker way.

    Raises:
        CeremonyGone, PasskeyRefused: As it does.
    """
    unit.ceremonies.spend(session.ceremony_id)
    unit.passkeys.record_use(use, now=session.began_at)
    others = unit.sessions.add(session)
    unit.events.add(event)
    return others
