"""Passkeys in SQL."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    delete,
    exists,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # ON CONFLICT; SQLite's compiler knows it too

from unlatch.core.records import Descriptor, KnownPasskey, Named, Passkey, PasskeyUse
from unlatch.errors import LastWayIn, NotSignedIn, PasskeyExists, PasskeyRefused, TooManyPasskeys
from unlatch.stores.sql import rows
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.holding import HOLD_ACCOUNT, enabled
from unlatch.stores.sql.mails import pending
from unlatch.stores.sql.running import Sql
from unlatch.stores.sql.tables import accounts, mails, passkeys

_OWN = passkeys.c.account_id == bindparam("account")
_ONE_OF_OWN = (_OWN, passkeys.c.id == bindparam("passkey"))

FIND = (
    select(
        *passkeys.c,
        *accounts.c,
        exists().where(mails.c.account_id == accounts.c.id, pending),
    )
    .join_from(passkeys, accounts)
    .where(passkeys.c.credential_id == bindparam("credential"))
)
OF_ACCOUNT = select(passkeys).where(_OWN).order_by(passkeys.c.added_at, passkeys.c.id)


def _named(whose: ColumnElement[bool]) -> Select[Any]:
    # Joined to one row that is always there, and few columns: a row for somebody and none for
    # nobody, and whole records made of it, took a time that told which of the two it was.
    always = select(literal(1)).subquery()
    return (
        select(accounts.c.id, passkeys.c.credential_id, passkeys.c.transports)
        .select_from(always)
        .outerjoin(accounts, whose)
        .outerjoin(passkeys, passkeys.c.account_id == accounts.c.id)
    )


NAMED_BY_USERNAME = _named(accounts.c.username_key == bindparam("key"))
NAMED_BY_ADDRESS = _named(accounts.c.address_key == bindparam("key"))

IDS = select(passkeys.c.id).where(_OWN)
ADD = insert(passkeys).on_conflict_do_nothing().returning(passkeys.c.id)
USE = (
    update(passkeys)
    .where(
        passkeys.c.id == bindparam("passkey"),
        passkeys.c.account_id == bindparam("owner"),
        passkeys.c.sign_count == bindparam("count_read"),
    )
    .values(
        sign_count=bindparam("count_now"),
        backed_up=bindparam("backed_up_now"),
        last_used_at=bindparam("used_at"),
    )
)
"""For who holds the account already."""

# By the owner that was read, not by that of the row: where another writes to the row meanwhile,
# PostgreSQL would look for the account again, as it was before, and wait behind who waits for us.
RECORD_USE = USE.where(enabled(bindparam("owner")))
RENAME = update(passkeys).where(*_ONE_OF_OWN)
_another = passkeys.alias()
REMOVE = delete(passkeys).where(
    *_ONE_OF_OWN,
    or_(
        exists().where(
            accounts.c.id == passkeys.c.account_id, accounts.c.confirmed_at.is_not(None)
        ),
        exists().where(
            _another.c.account_id == passkeys.c.account_id, _another.c.id != passkeys.c.id
        ),
    ),
)
FIND_OWN = select(passkeys.c.id).where(*_ONE_OF_OWN)
REMOVE_ALL = delete(passkeys).where(_OWN)


_NOBODYS = (*rows.NOBODYS_PASSKEY, *(None for _ in accounts.c), 0)
"""What `FIND` would give for a passkey of nobody's."""


def use_values(use: PasskeyUse, *, now: int) -> rows.Values:
    """What `USE` is given."""
    return {
        "passkey": use.passkey.id,
        "owner": use.passkey.account_id,
        "count_read": use.passkey.sign_count,
        "count_now": use.sign_count,
        "backed_up_now": int(use.backed_up),
        "used_at": now,
    }


def use_refused() -> PasskeyRefused:
    return PasskeyRefused("removed or used meanwhile, or its account is disabled")


class SqlPasskeyReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, credential_id: bytes, *, now: int) -> KnownPasskey | None:
        row = self._database.first(FIND, credential=credential_id, now=now)
        # Records are made of nobody's row, too, and dropped: measured, their making told the ids
        # of passkeys from decoys (`make bench-enumeration`).
        *kept, has_pending_mail = tuple[Any, ...](_NOBODYS if row is None else row)
        known = KnownPasskey(
            passkey=rows.passkey(kept[: rows.PASSKEY_WIDTH]),
            account=rows.account(kept[rows.PASSKEY_WIDTH :]),
            has_pending_mail=bool(has_pending_mail),
        )
        return known if row is not None else None

    def of(self, account_id: str) -> list[Passkey]:
        return [rows.passkey(row) for row in self._database.rows(OF_ACCOUNT, account=account_id)]

    def named(self, *, username_key: str | None, address_key: str | None) -> Named:
        statement = NAMED_BY_USERNAME if address_key is None else NAMED_BY_ADDRESS
        found = self._database.rows(statement, key=address_key or username_key)
        account_id, *_ = tuple[Any, ...](found[0])
        told = [
            Descriptor(credential_id, tuple(transports.split()))
            for _, credential_id, transports in map(tuple[Any, ...], found)
            if credential_id is not None
        ]
        return Named(account_id, told)


class SqlPasskeyWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, passkey: Passkey, *, limit: int) -> None:
        self._hold(passkey.account_id)  # or two at once would both see the last free place
        if len(self._sql.rows(IDS, account=passkey.account_id)) >= limit:
            raise TooManyPasskeys
        if self._sql.first(ADD, **rows.passkey_values(passkey)) is None:
            raise PasskeyExists

    def record_use(self, use: PasskeyUse, *, now: int) -> None:
        if not self._sql.count(RECORD_USE, **use_values(use, now=now)):
            raise use_refused()

    def rename(self, account_id: str, passkey_id: str, name: str) -> bool:
        return self._sql.count(RENAME, account=account_id, passkey=passkey_id, name=name) == 1

    def remove(self, account_id: str, passkey_id: str) -> bool:
        self._hold(account_id)  # or two at once would each leave the other as the last way in
        if self._sql.count(REMOVE, account=account_id, passkey=passkey_id):
            return True
        if self._sql.first(FIND_OWN, account=account_id, passkey=passkey_id):
            raise LastWayIn
        return False

    def remove_all(self, account_id: str) -> int:
        return self._sql.count(REMOVE_ALL, account=account_id)

    def _hold(self, account_id: str) -> None:
        if self._sql.first(HOLD_ACCOUNT, account=account_id) is None:
            raise NotSignedIn("the account is gone or disabled")
