"""Sessions in SQL."""

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert  # ON CONFLICT; SQLite's compiler knows it too
from sqlalchemy.sql.dml import ReturningInsert

from unlatch.core.records import LiveSession, Session
from unlatch.errors import CeremonyGone, NotSignedIn
from unlatch.stores.sql import rows
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.holding import enabled
from unlatch.stores.sql.running import Clash, Sql
from unlatch.stores.sql.sweeping import sweep
from unlatch.stores.sql.tables import accounts, sessions

_TOKEN = sessions.c.token_hash == bindparam("token")
_OWN = sessions.c.account_id == bindparam("account")
_COUNTS = and_(
    sessions.c.expires_at > bindparam("now"),
    sessions.c.last_seen_at >= bindparam("seen_since"),
    accounts.c.disabled_at.is_(None),
)

FIND = select(*sessions.c, *accounts.c).join_from(sessions, accounts).where(_TOKEN, _COUNTS)
OF_ACCOUNT = (
    select(*sessions.c)
    .join_from(sessions, accounts)
    .where(_OWN, _COUNTS)
    .order_by(sessions.c.last_seen_at.desc(), sessions.c.began_at.desc())
)
TOUCH = update(sessions).where(_TOKEN, sessions.c.last_seen_at < bindparam("now"))

_other = sessions.alias()
_others = (
    select(func.count())
    .select_from(_other)
    .where(
        _other.c.account_id == bindparam("account_id"),
        _other.c.token_hash != bindparam("token_hash"),  # some databases see it, some not
    )
    .scalar_subquery()
    .label("others")
)


def adding(condition: ColumnElement[bool]) -> ReturningInsert[tuple[int]]:
    """Adds a session where this holds; gives how many others the account has."""
    values = select(*(bindparam(c.name, type_=c.type) for c in sessions.c))
    return (
        insert(sessions)
        .from_select(rows.names(sessions), values.where(condition))
        .on_conflict_do_nothing()
        .returning(_others)
    )


ADD = adding(enabled(bindparam("account_id")))
BY_CEREMONY = select(sessions.c.id).where(sessions.c.ceremony_id == bindparam("ceremony"))
_ENABLED = enabled(sessions.c.account_id)
HOLD = select(sessions.c.id).where(_TOKEN, _ENABLED).with_for_update(read=True)
PROVE = update(sessions).where(_TOKEN, _ENABLED)
END_ONE = delete(sessions).where(_OWN, sessions.c.id == bindparam("session"))
END_BEGUN_BY = delete(sessions).where(
    sessions.c.passkey_id == bindparam("passkey"), sessions.c.token_hash != bindparam("token")
)
END_ALL = delete(sessions).where(_OWN)
END_BEYOND = delete(sessions).where(
    sessions.c.token_hash.in_(
        select(sessions.c.token_hash)
        .where(_OWN)
        .order_by(sessions.c.last_seen_at.desc(), sessions.c.began_at.desc())
        .offset(bindparam("keep"))
    )
)
END_EVERYBODYS = delete(sessions)
_OVER = sessions.c.expires_at < bindparam("before")
SWEEP = sweep(sessions.c.token_hash, _OVER, oldest=sessions.c.expires_at)


def made_before() -> CeremonyGone:
    return CeremonyGone("made a session before")


class SqlSessionKeeper:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, token_hash: bytes, *, now: int, idle: int) -> LiveSession | None:
        row = self._database.first(FIND, token=token_hash, now=now, seen_since=now - idle)
        if row is None:
            return None
        return LiveSession(
            session=rows.session(row[: rows.SESSION_WIDTH]),
            account=rows.account(row[rows.SESSION_WIDTH :]),
        )

    def of(self, account_id: str, *, now: int, idle: int) -> list[Session]:
        asked = {"account": account_id, "now": now, "seen_since": now - idle}
        found = self._database.rows(OF_ACCOUNT, **asked)
        return [rows.session(row) for row in found]

    def touch(self, token_hash: bytes, *, now: int) -> None:
        with self._database.writing() as sql:
            sql.count(TOUCH, token=token_hash, now=now, last_seen_at=now)

    def sweep(self, *, expired_before: int, most: int) -> int:
        with self._database.writing() as sql:
            return sql.count(SWEEP, before=expired_before, most=most)


class SqlSessionWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, session: Session) -> int:
        added = self._sql.first(ADD, **rows.session_values(session))
        if added is not None:
            return int(added[0])
        if self._sql.first(BY_CEREMONY, ceremony=session.ceremony_id):
            raise made_before()
        raise NotSignedIn("the account is gone or disabled")

    def require(self, token_hash: bytes) -> None:
        if self._sql.first(HOLD, token=token_hash) is None:
            raise NotSignedIn("the session ended meanwhile, or the account is disabled")

    def prove(self, old_token_hash: bytes, session: Session) -> None:
        try:
            proved = self._sql.count(
                PROVE,
                token=old_token_hash,
                token_hash=session.token_hash,
                proved_at=session.proved_at,
                proof_method=session.proof_method.value,
                proof_passkey_id=session.proof_passkey_id,
                ceremony_id=session.ceremony_id,
                last_seen_at=session.last_seen_at,
            )
        except Clash as clash:
            if clash.is_about("ceremony_id"):
                raise made_before() from clash
            raise
        if not proved:
            raise NotSignedIn("the session ended meanwhile, or the account is disabled")

    def end_one(self, account_id: str, session_id: str) -> bool:
        return self._sql.count(END_ONE, account=account_id, session=session_id) == 1

    def end_begun_by(self, passkey_id: str, *, except_token_hash: bytes) -> int:
        return self._sql.count(END_BEGUN_BY, passkey=passkey_id, token=except_token_hash)

    def end_all(self, account_id: str) -> int:
        return self._sql.count(END_ALL, account=account_id)

    def end_beyond(self, account_id: str, *, keep: int) -> int:
        return self._sql.count(END_BEYOND, account=account_id, keep=keep)

    def end_everybodys(self) -> int:
        return self._sql.count(END_EVERYBODYS)
