"""A transaction's BEGIN and its first statement, sent together: each on its own would be a way to
the server and back.
"""

from sqlalchemy import ClauseElement

from unlatch.stores.sql.running import Cursor, Sql
from unlatch.stores.sql.statements import Said


class PipelinedSql(Sql):
    """Keeps BEGIN back until the first statement, and sends both in one pipeline of psycopg's."""

    _beginning: Said | None = None

    def begin(self, statement: ClauseElement) -> None:
        """Open a transaction with what is asked first."""
        self._beginning = self._statements.said(statement, {})

    def _send(self, cursor: Cursor, said: Said) -> None:
        if self._beginning is None:
            super()._send(cursor, said)
            return
        connection = cursor.connection
        with connection.pipeline():
            connection.execute(*self._beginning)
            super()._send(cursor, said)
        self._beginning = None  # and not before: the two go out again, if they do, together
