"""How rows that are over are deleted: some at a time, and by any number of processes at once."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Delete, bindparam, delete, select


def sweep(key: Column[Any], over: ColumnElement[bool], *, oldest: Column[Any]) -> Delete:
    """A statement that deletes at most `:most` rows that are over, the oldest first.

    Those that another process is deleting are passed by: two that waited for each other's rows
    would both have to be undone. They are chosen once, in a part of its own, or PostgreSQL might
    choose anew for each row that it finds, and then delete more of them.
    """
    chosen = (
        select(key)
        .where(over)
        .order_by(oldest)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)  # SQLite has one writer, and leaves it out
        .cte("chosen", nesting=True)
    )
    return delete(key.table).where(key.in_(select(chosen.c[key.name])))
