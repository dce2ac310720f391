"""What lets somebody in by a passkey, step by step."""

from unlatch.core.ports import Unit
from unlatch.core.records import Event, PasskeyUse, Session


def admit(unit: Unit, use: PasskeyUse, session: Session, event: Event) -> int:
    """As `Unit.admit`, by the unit's other promises."""
    unit.ceremonies.spend(session.ceremony_id)
    unit.passkeys.record_use(use, now=session.began_at)
    unit.events.add(event)
    return unit.sessions.add(session)
