"""How an account stays as it is until a transaction that counts on it ends.

SQLite has one writer. PostgreSQL lets many write, each seeing what was committed when its
statement began: a sign-in would find an account enabled that is disabled at this moment, and its
session would come too late to be ended with the others.
"""

from typing import Any

from sqlalchemy import ColumnElement, Exists, bindparam, exists, literal, select

from unlatch.stores.sql.tables import accounts

HOLD_ACCOUNT = (
    select(accounts.c.id)
    .where(accounts.c.id == bindparam("account"), accounts.c.disabled_at.is_(None))
    .with_for_update()
)
"""Gives the account's id if it is enabled. Whoever wants to hold it too, or to change it, waits."""


def enabled(account_id: ColumnElement[Any]) -> Exists:
    """Whether an account is there and enabled, and stays so: others may hold it likewise, and
    nobody changes it meanwhile.
    """
    here = select(literal(1)).where(accounts.c.id == account_id, accounts.c.disabled_at.is_(None))
    return exists(here.with_for_update(read=True))
