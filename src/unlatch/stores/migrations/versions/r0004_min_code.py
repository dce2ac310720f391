"""Which code still works with this schema; the accounts that nobody confirmed, by age."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    meta = sa.table("unlatch_meta", sa.column("name", sa.Text), sa.column("value", sa.LargeBinary))
    op.bulk_insert(meta, [{"name": "min_code", "value": b"0003"}])
    unconfirmed = sa.text("confirmed_at IS NULL")
    op.create_index(
        "ix_unlatch_accounts_created_at",
        "unlatch_accounts",
        ["created_at"],
        sqlite_where=unconfirmed,
        postgresql_where=unconfirmed,
    )
