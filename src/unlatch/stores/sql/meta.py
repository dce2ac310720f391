"""What is true of the whole database, in SQL."""

from sqlalchemy import bindparam, select

from unlatch.stores.sql.database import Database
from unlatch.stores.sql.tables import meta

GET = select(meta.c.value).where(meta.c.name == bindparam("name"))


class SqlMetaReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        row = self._database.first(GET, name=name)
        return row[0] if row is not None else None
