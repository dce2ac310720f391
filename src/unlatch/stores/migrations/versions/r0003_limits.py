"""Wrong codes are counted for each account; a mail knows whether its browser is known."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Added in place, which costs the same for one row and for a million.
    op.add_column("unlatch_accounts", _counter("code_failures", sa.Integer))
    op.add_column("unlatch_accounts", _counter("code_failures_since", sa.BigInteger))
    op.add_column("unlatch_mails", _counter("known_browser", sa.SmallInteger))


def _counter(name: str, kind: type[sa.Integer]) -> sa.Column[int]:
    return sa.Column(name, kind, nullable=False, server_default=sa.text("0"))
