"""A release after this one, made up: it has a revision more, and writes into what that added."""

import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

from faults.breaking import put
from sqlalchemy import text

from unlatch.core.records import Account
from unlatch.stores.sql import schema
from unlatch.stores.sql.accounts import SqlAccountWriter
from unlatch.stores.sql.stores import SqlStores

_REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = {after!r}
down_revision = {before!r}


def upgrade() -> None:
    colour = sa.Column("colour", sa.Text, server_default="grey", nullable=False)
    op.add_column("unlatch_accounts", colour)
"""

_PAINT = text("UPDATE unlatch_accounts SET colour = 'green' WHERE id = :account")
_COLOURS = text("SELECT DISTINCT colour FROM unlatch_accounts")


def make_scripts(folder: Path) -> Path:
    """Its migrations: ours and one that expands."""
    scripts = folder / "migrations"
    shutil.copytree(schema._SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    before, after = schema.HEAD, f"{int(schema.HEAD) + 1:04}"
    script = _REVISION.format(before=before, after=after)
    (scripts / f"versions/r{after}_made_up.py").write_text(script)
    return scripts


def become(scripts: Path) -> None:
    """This process is of that release: who registers here is green."""
    patch.object(schema, "_SCRIPTS", scripts).start()
    patch.object(schema, "HEAD", schema.revisions()[-1]).start()
    add = SqlAccountWriter.add

    def add_green(writer: SqlAccountWriter, account: Account, *args: Any, **more: Any) -> None:
        add(writer, account, *args, **more)
        writer._sql.run(_PAINT, account=account.id)

    put(SqlAccountWriter, "add", add_green)


def colours(stores: SqlStores) -> set[str]:
    """Of all who registered: grey with this release, green with the other."""
    try:
        return {colour for (colour,) in stores.database.rows(_COLOURS)}
    finally:
        stores.close()
