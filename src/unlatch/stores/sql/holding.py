"""How an account stays as it is until a transaction that counts on it ends.

SQLite has one writer. PostgreSQL lets many write, each seeing what was committed when its
statement began: a sign-in would find an account enabled that is disabled at this moment, and its
session would come too late to be ended with the others.

One holds an account at a time, and *first*, before its mails: two that shared it would wait for
each other as soon as both wrote to it, and so would one that had a mail, and wanted the account,
and one that had the account, and wanted its mails. Of such two the database undoes one: whoever
tries codes could so keep the owner from signing in.
"""

from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Executable,
    Exists,
    Select,
    bindparam,
    exists,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles

from unlatch.stores.sql.tables import accounts, ceremonies, mails


def _held(chosen: Select[Any]) -> Select[Any]:
    """What only points to the account goes on being written: asking for a mail waits for nobody."""
    return chosen.with_for_update(key_share=True)


_ENABLED = accounts.c.disabled_at.is_(None)

HOLD_ACCOUNT = _held(select(accounts.c.id).where(accounts.c.id == bindparam("account"), _ENABLED))
"""Gives the account's id if it is enabled."""

HOLD_WHOSE = _held(
    select(accounts.c.id).where(
        accounts.c.id
        == select(mails.c.account_id).where(mails.c.id == bindparam("mail")).scalar_subquery()
    )
)
"""The account of a mail."""


def enabled(account_id: ColumnElement[Any]) -> Exists:
    """Whether an account is there and enabled, and stays so."""
    return exists(_held(select(literal_column("1")).where(accounts.c.id == account_id, _ENABLED)))


class HoldEverybody(Executable, ClauseElement):
    """Waits until all sign-ins, proofs and new passkeys that are under way are over, and keeps the
    next from beginning: each writes a mark or holds an account before it writes anything else.
    """

    inherit_cache = True


@compiles(HoldEverybody)
def _is_alone(*_: Any, **__: Any) -> str:
    return "SELECT 1"


@compiles(HoldEverybody, "postgresql")
def _locks_tables(*_: Any, **__: Any) -> str:
    # Marks first: who wrote one is going to want an account.
    return f"LOCK TABLE {ceremonies.name}, {accounts.name} IN EXCLUSIVE MODE"
