"""Accounts in SQL."""

from typing import Any

from sqlalchemy import ClauseElement, and_, bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert  # ON CONFLICT; SQLite's compiler knows it too

from unlatch.core.records import Account
from unlatch.errors import AddressTaken, UsernameTaken
from unlatch.stores.sql import rows
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.running import Clash, Row, Sql
from unlatch.stores.sql.tables import accounts, sessions

_ID = accounts.c.id == bindparam("account")
_UNCONFIRMED = accounts.c.confirmed_at.is_(None)

FIND = select(accounts).where(_ID)
BY_USERNAME = select(accounts).where(accounts.c.username_key == bindparam("key"))
BY_ADDRESS = select(accounts).where(accounts.c.address_key == bindparam("key"))

_STALE = and_(
    _UNCONFIRMED,
    accounts.c.created_at < bindparam("stale_before"),
    ~exists().where(
        sessions.c.account_id == accounts.c.id,
        sessions.c.last_seen_at >= bindparam("stale_before"),
    ),
)
OLDEST_STALE = (
    select(accounts.c.id).where(_STALE).order_by(accounts.c.created_at).limit(bindparam("most"))
)
_FOUND = accounts.c.id.in_(bindparam("found", expanding=True))
HOLD_FOUND = select(accounts.c.id).where(_FOUND).with_for_update(skip_locked=True)
SWEEP = delete(accounts).where(and_(_FOUND, _STALE))
_IN_THE_WAY = and_(
    _STALE,
    or_(
        accounts.c.username_key == bindparam("username"),
        accounts.c.address_key == bindparam("address"),
    ),
)
HOLD_STALE = select(accounts.c.id).where(_IN_THE_WAY).order_by(accounts.c.id).with_for_update()
DROP_STALE = delete(accounts).where(_IN_THE_WAY)
ADD = insert(accounts).on_conflict_do_nothing().returning(accounts.c.id)
_HOLDS_IT = and_(
    _STALE,
    accounts.c.address_key == bindparam("address"),
    accounts.c.id != bindparam("account"),
)
HOLD_STALE_HOLDER = select(accounts.c.id).where(_HOLDS_IT).with_for_update()
DROP_STALE_HOLDER = delete(accounts).where(_HOLDS_IT)
CONFIRM = update(accounts).where(and_(_ID, _UNCONFIRMED, accounts.c.disabled_at.is_(None)))
# A key of the row's changes, so PostgreSQL holds it against all that would point to it, too: that
# is what keeps mails from being asked for meanwhile.
CORRECT = update(accounts).where(and_(_ID, _UNCONFIRMED))
DISABLE = update(accounts).where(and_(_ID, accounts.c.disabled_at.is_(None)))
RENAME = update(accounts).where(_ID)
FORGIVE = update(accounts).where(_ID).values(code_failures=0)


class SqlAccountKeeper:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, account_id: str) -> Account | None:
        return _account(self._database.first(FIND, account=account_id))

    def by_username(self, username_key: str) -> Account | None:
        return _account(self._database.first(BY_USERNAME, key=username_key))

    def by_address(self, address_key: str) -> Account | None:
        return _account(self._database.first(BY_ADDRESS, key=address_key))

    def sweep(self, *, stale_before: int, most: int) -> int:
        # Found first, without a turn to write: no index knows who is stale. They are asked again
        # when nobody can come back to them any more: what one statement holds and deletes may have
        # got a session between its beginning and its hold.
        oldest = self._database.rows(OLDEST_STALE, stale_before=stale_before, most=most)
        found = [one for (one,) in oldest]
        if not found:
            return 0
        with self._database.writing() as sql:
            held = [one for (one,) in sql.rows(HOLD_FOUND, found=found)]
            return sql.count(SWEEP, stale_before=stale_before, found=held)


class SqlAccountWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, account: Account, *, stale_before: int) -> None:
        wanted = {"username": account.username_key, "address": account.address_key}
        self._drop(HOLD_STALE, DROP_STALE, stale_before=stale_before, **wanted)
        if self._sql.first(ADD, **rows.account_values(account)) is None:
            # The constraint decided; asking afterwards only finds out which one.
            taken = self._sql.first(BY_USERNAME, key=account.username_key)
            raise UsernameTaken if taken else AddressTaken

    def confirm(self, account_id: str, *, now: int) -> bool:
        return self._sql.count(CONFIRM, account=account_id, confirmed_at=now) == 1

    def change_unconfirmed_address(
        self, account_id: str, *, address: str, address_key: str, stale_before: int
    ) -> bool:
        self._drop(
            HOLD_STALE_HOLDER,
            DROP_STALE_HOLDER,
            account=account_id,
            address=address_key,
            stale_before=stale_before,
        )
        try:
            changed = self._sql.count(
                CORRECT, account=account_id, address=address, address_key=address_key
            )
        except Clash as clash:
            if clash.is_about("address_key"):
                raise AddressTaken from clash
            raise
        return changed == 1

    def forget_display_name(self, account_id: str) -> None:
        self._sql.count(RENAME, account=account_id, display_name="")

    def forgive(self, account_id: str) -> None:
        self._sql.count(FORGIVE, account=account_id)

    def disable(self, account_id: str, *, now: int) -> bool:
        return self._sql.count(DISABLE, account=account_id, disabled_at=now) == 1

    def _drop(self, hold: ClauseElement, drop: ClauseElement, **values: Any) -> None:
        # Held before, for somebody may be signing in there at this moment: a deletion would wait
        # for that, and then go on with what it had found before.
        if self._sql.rows(hold, **values):
            self._sql.count(drop, **values)


def _account(row: Row | None) -> Account | None:
    return rows.account(row) if row is not None else None
