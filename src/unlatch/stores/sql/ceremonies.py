"""The marks of answered ceremonies in SQL."""

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # ON CONFLICT; SQLite's compiler knows it too

from unlatch.errors import CeremonyGone
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.tables import ceremonies

SPEND = insert(ceremonies).on_conflict_do_nothing().returning(ceremonies.c.mark)
SWEEP = delete(ceremonies).where(
    ceremonies.c.mark.in_(
        select(ceremonies.c.mark)
        .where(ceremonies.c.mark < bindparam("before"))
        .order_by(ceremonies.c.mark)
        .limit(bindparam("most"))
    )
)


class SqlCeremonyKeeper:
    def __init__(self, database: Database) -> None:
        self._database = database

    def sweep(self, *, begun_before: int, most: int) -> int:
        with self._database.writing() as sql:
            return sql.count(SWEEP, before=begun_before.to_bytes(8, "big"), most=most)


class SqlCeremonyWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def spend(self, mark: bytes) -> None:
        if self._sql.first(SPEND, mark=mark) is None:
            raise CeremonyGone("answered before")
