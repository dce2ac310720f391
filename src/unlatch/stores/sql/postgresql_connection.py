"""One connection to PostgreSQL that keeps to a deadline, and tells no values in its errors."""

import time
from typing import TypeVar

from psycopg import Connection, Error, OperationalError
from psycopg.abc import PQGen
from psycopg.adapt import AdaptersMap
from psycopg.errors import Diagnostic
from psycopg.postgres import adapters
from psycopg.pq import ExecStatus
from psycopg.rows import TupleRow
from psycopg.types.string import StrDumper

T = TypeVar("T")


class TooLate(OperationalError):
    """The server did not answer before the deadline; the connection is closed, but not after
    COMMIT.
    """


class PromptConnection(Connection[TupleRow]):
    """Attributes:
    until: The moment of the monotonic clock up to which an answer is waited for; None for as
        long as it takes. A server's own deadlines do not help where it hangs, or where the
        network swallows what it says.
    warned: Whether the server has warned of something since this was last unset.
    made_at: The moment of the monotonic clock.
    """

    made_at: float
    until: float | None = None
    warned: bool = False
    _commits = False

    def commit(self) -> None:
        """Where the answer is late, the connection is left open: a COMMIT goes on, closed or not,
        and cancelled it would be kept without its standby.
        """
        self._commits = True
        try:
            super().commit()
        finally:
            self._commits = False

    def late_answer(self) -> bool | None:
        """What has come since the COMMIT was late: that it is done, or an error or the connection's
        end; None where nothing has that says so. Waits for nothing.
        """
        try:
            self.pgconn.consume_input()
            answer = None if self.pgconn.is_busy() else self.pgconn.get_result()
        except Error:
            return False
        return None if answer is None else answer.status == ExecStatus.COMMAND_OK

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if timeout is None and self.until is not None:
            timeout = max(self.until - time.monotonic(), 0.0)
        try:
            return super().wait(gen, interval, timeout)
        except Error as error:
            if self._is_late(error):
                if not self._commits:
                    self.close()
                raise TooLate("no answer within the deadline") from None
            _tell_no_values(error)
            raise

    def _is_late(self, error: Error) -> bool:
        late = self.until is not None and time.monotonic() >= self.until
        return late and error.sqlstate is None and not self.closed

    def listen(self) -> None:
        """It is made; note warnings from now on."""
        self.made_at = time.monotonic()
        self.add_notice_handler(self._note)

    def _note(self, notice: Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self.warned = True


class _NoNulDumper(StrDumper):
    """PostgreSQL knows no NUL in texts. Nothing that we keep has one, so what is looked up with
    one is looked up in vain, as on every other database, and no error.
    """

    def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
        return super().dump(obj.replace("\x00", "\ufffd"))


def how_values_travel() -> AdaptersMap:
    """For `Connection.connect`."""
    own = AdaptersMap(adapters)
    own.register_dumper(str, _NoNulDumper)
    return own


def _tell_no_values(error: Error) -> None:
    """The rest of the message may quote a row, with somebody's address in it, and ends in a log."""
    if error.diag.message_primary:
        error.args = (f"{error.diag.message_primary} ({error.sqlstate})",)
