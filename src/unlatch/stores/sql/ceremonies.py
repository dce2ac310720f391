"""The marks of answered ceremonies in SQL."""

from sqlalchemy.dialects.postgresql import insert  # ON CONFLICT; SQLite's compiler knows it too

from unlatch.errors import CeremonyGone
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.tables import ceremonies

SPEND = insert(ceremonies).on_conflict_do_nothing().returning(ceremonies.c.mark)


class SqlCeremonyWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def spend(self, mark: bytes) -> None:
        if self._sql.first(SPEND, mark=mark) is None:
            raise CeremonyGone("answered before")
