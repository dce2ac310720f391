"""Accounts, their passkeys, sessions and mails; marks of ceremonies; events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _accounts()
    _passkeys()
    _sessions()
    _mails()
    op.create_table(
        "unlatch_ceremonies",
        sa.Column("mark", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_unlatch_ceremonies"),
        sqlite_with_rowid=False,
    )
    _events()


def _accounts() -> None:
    op.create_table(
        "unlatch_accounts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("username_key", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("user_handle", sa.LargeBinary, nullable=False),
        sa.Column("browser_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Column("disabled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_unlatch_accounts"),
        sa.UniqueConstraint("username_key", name="uq_unlatch_accounts_username_key"),
        sa.UniqueConstraint("address_key", name="uq_unlatch_accounts_address_key"),
    )


def _passkeys() -> None:
    op.create_table(
        "unlatch_passkeys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("backup_eligible", sa.SmallInteger, nullable=False),
        sa.Column("backed_up", sa.SmallInteger, nullable=False),
        sa.Column("transports", sa.Text, nullable=False),
        sa.Column("aaguid", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("added_on", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_unlatch_passkeys"),
        _belongs_to_account("unlatch_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_unlatch_passkeys_credential_id"),
    )
    op.create_index("ix_unlatch_passkeys_account_id", "unlatch_passkeys", ["account_id"])


def _sessions() -> None:
    op.create_table(
        "unlatch_sessions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("passkey_id", sa.Text),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("proved_at", sa.BigInteger, nullable=False),
        sa.Column("proof_method", sa.Text, nullable=False),
        sa.Column("proof_passkey_id", sa.Text),
        sa.Column("ceremony_id", sa.LargeBinary, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("last_seen_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_unlatch_sessions"),
        _belongs_to_account("unlatch_sessions"),
        sa.UniqueConstraint("ceremony_id", name="uq_unlatch_sessions_ceremony_id"),
    )
    op.create_index("ix_unlatch_sessions_account_id", "unlatch_sessions", ["account_id"])
    op.create_index("ix_unlatch_sessions_expires_at", "unlatch_sessions", ["expires_at"])
    _partial_index("unlatch_sessions", "passkey_id", "passkey_id IS NOT NULL")


def _mails() -> None:
    op.create_table(
        "unlatch_mails",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("binding_hash", sa.LargeBinary, nullable=False),
        sa.Column("session_id", sa.Text),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("next", sa.Text, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("link_hash", sa.Text),
        sa.Column("code_hash", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("killed_at", sa.BigInteger),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("deliveries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unlatch_mails"),
        _belongs_to_account("unlatch_mails"),
    )
    op.create_index("ix_unlatch_mails_account_id", "unlatch_mails", ["account_id"])
    op.create_index("ix_unlatch_mails_expires_at", "unlatch_mails", ["expires_at"])
    untouched = "used_at IS NULL AND killed_at IS NULL"
    _partial_index("unlatch_mails", "binding_hash", untouched)
    _partial_index("unlatch_mails", "due_at", f"sent_at IS NULL AND {untouched}")


def _events() -> None:
    op.create_table(
        "unlatch_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unlatch_events"),
    )
    op.create_index("ix_unlatch_events_account_id_at", "unlatch_events", ["account_id", "at"])


def _belongs_to_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"],
        ["unlatch_accounts.id"],
        name=f"fk_{table}_account_id",
        ondelete="CASCADE",
    )


def _partial_index(table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        f"ix_{table}_{column}",
        table,
        [column],
        sqlite_where=condition,
        postgresql_where=condition,
    )
