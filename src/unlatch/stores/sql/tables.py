"""The tables: their columns are the fields of the records in `unlatch.core.records`, in the same
order.

They live in a `MetaData` of their own and are all called `unlatch_…`, so that they can stand
in a host's database without meeting its models. Every constraint has a name that follows
from its columns: a migration can speak of it on every database.

A column added here wants a revision in `stores/migrations/versions`; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    and_,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _account_id(*, nullable: bool) -> Column[str]:
    """What is an account's goes with it."""
    account = ForeignKey("unlatch_accounts.id", ondelete="CASCADE")
    return Column("account_id", Text, account, nullable=nullable)


def _counter(name: str, kind: type[Integer]) -> Column[int]:
    """A number that begins with nothing; columns that came later need to say so."""
    return Column(name, kind, nullable=False, server_default=text("0"))


accounts = Table(
    "unlatch_accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("username", Text, nullable=False),
    Column("username_key", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False, unique=True),
    Column("user_handle", LargeBinary, nullable=False),
    Column("browser_hash", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("disabled_at", BigInteger),
    _counter("code_failures", Integer),
    _counter("code_failures_since", BigInteger),
)
_unconfirmed = accounts.c.confirmed_at.is_(None)
Index(None, accounts.c.created_at, sqlite_where=_unconfirmed, postgresql_where=_unconfirmed)

passkeys = Table(
    "unlatch_passkeys",
    metadata,
    Column("id", Text, primary_key=True),
    _account_id(nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("backup_eligible", SmallInteger, nullable=False),
    Column("backed_up", SmallInteger, nullable=False),
    Column("transports", Text, nullable=False),
    Column("aaguid", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("added_on", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
)
Index(None, passkeys.c.account_id)

sessions = Table(
    "unlatch_sessions",
    metadata,
    Column("id", Text, nullable=False),
    Column("token_hash", LargeBinary, primary_key=True),
    _account_id(nullable=False),
    Column("method", Text, nullable=False),
    # No foreign key: the session in which a passkey is removed lives on and remembers it.
    Column("passkey_id", Text),
    Column("began_at", BigInteger, nullable=False),
    Column("proved_at", BigInteger, nullable=False),
    Column("proof_method", Text, nullable=False),
    Column("proof_passkey_id", Text),
    Column("ceremony_id", LargeBinary, nullable=False, unique=True),
    Column("user_agent", Text, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
Index(None, sessions.c.account_id)
Index(None, sessions.c.expires_at)
_by_passkey = sessions.c.passkey_id.is_not(None)
Index(None, sessions.c.passkey_id, sqlite_where=_by_passkey, postgresql_where=_by_passkey)

mails = Table(
    "unlatch_mails",
    metadata,
    Column("id", Text, primary_key=True),
    _account_id(nullable=True),
    Column("purpose", Text, nullable=False),
    Column("binding_hash", LargeBinary, nullable=False),
    Column("session_id", Text),
    Column("origin", Text, nullable=False),
    Column("next", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("link_hash", Text),
    Column("code_hash", Text),
    Column("attempts", Integer, nullable=False),
    Column("used_at", BigInteger),
    Column("killed_at", BigInteger),
    Column("sent_at", BigInteger),
    Column("deliveries", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    _counter("known_browser", SmallInteger),
)
untouched = and_(mails.c.used_at.is_(None), mails.c.killed_at.is_(None))
"""Neither used nor killed."""

unsent = and_(mails.c.sent_at.is_(None), untouched)
"""What the outbox still has to think of."""

Index(None, mails.c.account_id)
Index(None, mails.c.expires_at)
Index(None, mails.c.binding_hash, sqlite_where=untouched, postgresql_where=untouched)
Index(None, mails.c.due_at, sqlite_where=unsent, postgresql_where=unsent)

ceremonies = Table(
    "unlatch_ceremonies",
    metadata,
    Column("mark", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,  # one tree instead of two, written at every sign-in
)

events = Table(
    "unlatch_events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    # No foreign key: what happened outlives whom it happened to.
    Column("account_id", Text),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("facts", Text, nullable=False),
)
Index(None, events.c.account_id, events.c.at)

meta = Table(
    "unlatch_meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""What is true of the database as a whole: small values, some made by a migration."""
