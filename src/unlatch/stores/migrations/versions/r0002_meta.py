"""What is true of the whole database; in it the secret that decoys are made from."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    meta = op.create_table(
        "unlatch_meta",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_unlatch_meta"),
    )
    # Made once, and never again: a new one would change every decoy, and no passkey.
    op.bulk_insert(meta, [{"name": "decoy_secret", "value": secrets.token_bytes(32)}])
