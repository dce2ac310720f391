"""The marks of answered ceremonies in SQL."""

from sqlalchemy import LargeBinary, bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert  # ON CONFLICT; SQLite's compiler knows it too

from unlatch.core.ceremonies import mark_time
from unlatch.errors import CeremonyGone
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.holding import HoldEverybody
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.sweeping import sweep
from unlatch.stores.sql.tables import ceremonies, meta

HOLD_EVERYBODY = HoldEverybody()
_VOID_BEFORE = "ceremonies_void_before"

# Marks begin with their time, and the moment is written like it: bytes compare as times do.
_VOID = exists().where(meta.c.name == _VOID_BEFORE, meta.c.value > bindparam("mark"))
SPEND = (
    insert(ceremonies)
    .from_select(["mark"], select(bindparam("mark", type_=LargeBinary)).where(~_VOID))
    .on_conflict_do_nothing()
    .returning(ceremonies.c.mark)
)
_moment = insert(meta).values(name=_VOID_BEFORE, value=bindparam("moment", type_=LargeBinary))
VOID = _moment.on_conflict_do_update(
    index_elements=[meta.c.name], set_={"value": _moment.excluded.value}
)
SWEEP = sweep(ceremonies.c.mark, ceremonies.c.mark < bindparam("before"), oldest=ceremonies.c.mark)


def spent() -> CeremonyGone:
    return CeremonyGone("answered before, or begun before a restore")


class SqlCeremonyKeeper:
    def __init__(self, database: Database) -> None:
        self._database = database

    def sweep(self, *, begun_before: int, most: int) -> int:
        with self._database.writing() as sql:
            return sql.count(SWEEP, before=mark_time(begun_before), most=most)


class SqlCeremonyWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def spend(self, mark: bytes) -> None:
        if self._sql.first(SPEND, mark=mark) is None:
            raise spent()

    def void(self, *, begun_before: int) -> None:
        self._sql.run(HOLD_EVERYBODY)
        self._sql.run(VOID, moment=mark_time(begun_before))
