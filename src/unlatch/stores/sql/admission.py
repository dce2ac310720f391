"""What lets somebody in by a passkey, in one statement: on a database that is a server, each on its
own costs a way there and back, and the driver's work for it.

Each part writes only where the one before it has. So they run in the order of the steps
(`unlatch.stores.admitting`), take the same locks in it, and who was refused can be told from what
is missing. All see what was committed when the whole began, but a row that is locked, or written,
is looked at as it is by then.
"""

from sqlalchemy import CTE, Exists, bindparam, exists, insert, literal_column, select

from unlatch.core.records import Event, PasskeyUse, Session
from unlatch.stores.sql import ceremonies, passkeys, rows, sessions, tables
from unlatch.stores.sql.running import Sql


def _wrote(part: CTE) -> Exists:
    return exists(select(literal_column("1")).select_from(part))


_spent = ceremonies.SPEND.cte("spent")
_used = passkeys.RECORD_USE.where(_wrote(_spent)).returning(tables.passkeys.c.id).cte("used")
_added = sessions.adding(_wrote(_used)).cte("added")
_EVENT = [column for column in tables.events.c if column.name != "id"]
_noted = (
    insert(tables.events)
    .from_select(
        [column.name for column in _EVENT],
        select(*(bindparam(column.name, type_=column.type) for column in _EVENT)).where(
            _wrote(_added)
        ),
    )
    .cte("noted")
)
ADMIT = select(_wrote(_spent), _wrote(_used), select(_added.c.others).scalar_subquery()).add_cte(
    _noted
)


def admit(sql: Sql, use: PasskeyUse, session: Session, event: Event) -> int:
    """As `Unit.admit`."""
    ((is_spent, is_used, others),) = sql.rows(
        ADMIT,
        mark=session.ceremony_id,
        **passkeys.use_values(use, now=session.began_at),
        **rows.session_values(session) | rows.event_values(event),
    )
    if not is_spent:
        raise ceremonies.spent()
    if not is_used:
        raise passkeys.use_refused()
    if others is None:
        raise sessions.why_not_added(sql, session)
    return int(others)
