"""Who is told of what a database is asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from unlatch.stores.sql.database import Database
from unlatch.stores.sql.running import Sql


def _nothing(_: Sql) -> None: ...


@contextmanager
def watched(
    database: Database,
    statement: Callable[[Sql, str], object],
    *,
    committed: Callable[[Sql], object] = _nothing,
    over: Callable[[Sql], object] = _nothing,
) -> Iterator[None]:
    """Within, `statement` is told the text of each before it is run; `committed` when a transaction
    is; `over` when a connection goes back to the pool, whatever became of it.
    """
    take, commit = database._sql, database._commit

    def taken() -> Sql:
        sql = take()
        run, close = sql._run, sql.close

        def told(asked: Any, values: Any, kept: Any) -> Any:
            statement(sql, sql._statements.said(asked, values)[0])
            return run(asked, values, kept)

        def closed() -> None:
            close()
            over(sql)

        sql.__dict__.update(_run=told, close=closed)
        return sql

    def and_committed(sql: Sql) -> None:
        commit(sql)
        committed(sql)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_sql", taken)
        patch.setattr(database, "_commit", and_committed)
        yield
