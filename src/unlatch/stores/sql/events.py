"""Events in SQL."""

from sqlalchemy import and_, bindparam, func, insert, select

from unlatch.core.records import Event
from unlatch.stores.sql import rows
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.sweeping import sweep
from unlatch.stores.sql.tables import events

OF_ACCOUNT = (
    select(events)
    .where(events.c.account_id == bindparam("account"))
    .order_by(events.c.at.desc(), events.c.id.desc())
    .limit(bindparam("most"))
)
ADD = insert(events)
# By the number that each was given when it was written, which costs no index of its own. Some more
# are looked at than are deleted: those that a clock dated ahead, once, stay at the beginning.
_beginning = select(func.min(events.c.id)).scalar_subquery()
_FIRST = (
    select(events.c.id)
    .where(events.c.id >= _beginning)
    .order_by(events.c.id)
    .limit(2 * bindparam("most"))
)
_OVER = and_(events.c.id.in_(_FIRST), events.c.at < bindparam("before"))
SWEEP = sweep(events.c.id, _OVER, oldest=events.c.id)


class SqlEventKeeper:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account_id: str, *, limit: int) -> list[Event]:
        found = self._database.rows(OF_ACCOUNT, account=account_id, most=limit)
        return [rows.event(row) for row in found]

    def sweep(self, *, before: int, most: int) -> int:
        with self._database.writing() as sql:
            return sql.count(SWEEP, before=before, most=most)


class SqlEventWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, event: Event) -> None:
        self._sql.run(ADD, **rows.event_values(event))
