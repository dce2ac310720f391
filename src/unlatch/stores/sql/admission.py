"""What lets somebody in by a passkey, in two statements: on a database that is a server, each costs
a way there and back, and the driver's work for it.

The first has all that one waits for: the mark, and then the account. Whoever has both writes alone,
and the second statement sees what those have written for whom the first one waited: a statement
sees what was committed when it began. In one statement the sessions of others would be counted as
they were before the wait, and the account's row be looked for where it was before, and so be waited
for behind those who wait for this one.

Each part writes only where the one before it has. So they run in the order of the steps
(`unlatch.stores.admitting`), and who was refused can be told from what is missing.
"""

from sqlalchemy import CTE, Exists, bindparam, exists, insert, literal_column, select

from unlatch.core.records import Event, PasskeyUse, Session
from unlatch.stores.sql import ceremonies, holding, passkeys, rows, sessions, tables
from unlatch.stores.sql.running import Sql


def _is_there(part: CTE) -> Exists:
    return exists(select(literal_column("1")).select_from(part))


def _of_event(column: str) -> str:
    """A session has columns of the same names."""
    return f"event_{column}"


_spent = ceremonies.SPEND.cte("spent")
_held = holding.HOLD_ACCOUNT.where(_is_there(_spent)).cte("held")
HOLD = select(_is_there(_spent), _is_there(_held))

_used = passkeys.USE.returning(tables.passkeys.c.id).cte("used")
_added = sessions.adding(_is_there(_used)).cte("added")
_EVENT = [column for column in tables.events.c if column.name != "id"]
_noted = (
    insert(tables.events)
    .from_select(
        [column.name for column in _EVENT],
        select(*(bindparam(_of_event(column.name), type_=column.type) for column in _EVENT)).where(
            _is_there(_added)
        ),
    )
    .cte("noted")
)
WRITE = select(_is_there(_used), select(_added.c.others).scalar_subquery()).add_cte(_noted)


def admit(sql: Sql, use: PasskeyUse, session: Session, event: Event) -> int:
    """As `Unit.admit`."""
    ((is_spent, is_held),) = sql.rows(HOLD, mark=session.ceremony_id, account=session.account_id)
    if not is_spent:
        raise ceremonies.spent()
    if not is_held:
        raise passkeys.use_refused()
    ((is_used, others),) = sql.rows(
        WRITE,
        **passkeys.use_values(use, now=session.began_at),
        **rows.session_values(session),
        **{_of_event(name): value for name, value in rows.event_values(event).items()},
    )
    if not is_used:
        raise passkeys.use_refused()
    if others is None:
        raise sessions.made_before()
    return int(others)
