"""Events in SQL."""

from sqlalchemy import bindparam, insert, select

from unlatch.core.records import Event
from unlatch.stores.sql import rows
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.tables import events

OF_ACCOUNT = (
    select(events)
    .where(events.c.account_id == bindparam("account"))
    .order_by(events.c.at.desc(), events.c.id.desc())
    .limit(bindparam("most"))
)
ADD = insert(events)


class SqlEventReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account_id: str, *, limit: int) -> list[Event]:
        with self._database.reading() as sql:
            return [rows.event(row) for row in sql.rows(OF_ACCOUNT, account=account_id, most=limit)]


class SqlEventWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, event: Event) -> None:
        self._sql.run(ADD, **rows.event_values(event))
