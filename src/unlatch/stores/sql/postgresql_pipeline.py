"""A transaction's BEGIN and its first statement, sent together: each on its own would be a way to
the server and back, and a transaction is mostly BEGIN, one statement and COMMIT.
"""

from sqlalchemy import ClauseElement

from unlatch.stores.sql.running import Cursor, Sql
from unlatch.stores.sql.statements import Said


class PipelinedSql(Sql):
    """What `Sql` is, for psycopg (`Connection.pipeline`)."""

    _beginning: Said | None = None

    def begin(self, statement: ClauseElement) -> None:
        self._beginning = self._statements.said(statement, {})

    def _send(self, cursor: Cursor, said: Said) -> None:
        if self._beginning is None:
            return super()._send(cursor, said)
        connection = cursor.connection
        with connection.pipeline():
            connection.execute(*self._beginning)
            super()._send(cursor, said)
        self._beginning = None  # and not before: the two go out again, if they do, together
        return None
