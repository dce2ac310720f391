"""A site's rows, made by PostgreSQL itself, as many as a site of so many accounts has; and how many
bytes each takes.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

PASSKEYS, SESSIONS, EVENTS = 3, 2, 10
"""Of each account."""

MARKS, MAILS = 10, 100
"""Of so many accounts one has a mark, of so many one has a mail: both are swept away soon."""

POSTGRES = ("shared_buffers=2GB", "max_wal_size=16GB")
"""Settings of a server that is to hold many of them."""

_AT_ONCE = 100_000
_DAY = "86400000000"

# `n` numbers the rows from :first to before :last. An account's row is written long before or after
# those that hang on it, and these in turn: so their places in the tables and in the indexes are as
# scattered as where people come when they like.
_SCATTERED = "md5('account' || (n::bigint * 7919) % :accounts)::uuid::text"
_AGENT = (
    "'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/' || 100 + n % 50 || '.0.0.0 Safari/537.36'"
)
_RECENTLY = ":now - (n::bigint * 104729 % 432000) * 1000000"  # in the last five days


def _hash(name: str) -> str:
    return f"sha256(('{name}' || n)::bytea)"


@dataclass(frozen=True)
class Kind:
    """Rows of one table.

    Attributes:
        many, of: `many` rows for `of` accounts.
        values: What is selected for the row of number `n`, by the names of the columns.
    """

    table: str
    many: int
    of: int
    values: dict[str, str]

    def rows(self, accounts: int) -> int:
        return accounts * self.many // self.of

    def statement(self, first: int, last: int, **of_all: object) -> str:
        """Args:
        of_all: What stands for `:accounts`, `:now` and `:public_key`.
        """
        columns, selected = ", ".join(self.values), ", ".join(self.values.values())
        made = (
            f"INSERT INTO unlatch_{self.table} ({columns}) "  # noqa: S608 - all of it is from here
            f"SELECT {selected} FROM generate_series({first}, {last - 1}) n"
        )
        for name, value in of_all.items():
            made = made.replace(f":{name}", str(value))
        return made


KINDS = (
    Kind(
        "accounts",
        1,
        1,
        {
            "id": "md5('account' || n)::uuid::text",
            "username": "'Mira.Okafor' || n",
            "username_key": "'mira.okafor' || n",
            "display_name": "'Mira Okafor'",
            "address": "'mira.okafor' || n || '@example.com'",
            "address_key": "'mira.okafor' || n || '@example.com'",
            "user_handle": "sha512(('handle' || n)::bytea)",
            "browser_hash": _hash("browser"),
            "created_at": f":now - n::bigint % 1000 * {_DAY}",
            "confirmed_at": f":now - n::bigint % 1000 * {_DAY}",
        },
    ),
    Kind(
        "passkeys",
        PASSKEYS,
        1,
        {
            "id": "md5('passkey' || n)::uuid::text",
            "account_id": _SCATTERED,
            "credential_id": _hash("credential"),
            "public_key": ":public_key",
            "sign_count": "0",
            "backup_eligible": "1",
            "backed_up": "1",
            "transports": "'internal hybrid'",
            "aaguid": "'fbfc3007-154e-4ecc-8c0b-6e020557d7bd'",
            "name": "'iCloud Keychain'",
            "added_on": "'registration'",
            "added_at": f":now - n::bigint % 1000 * {_DAY}",
            "last_used_at": _RECENTLY,
        },
    ),
    Kind(
        "sessions",
        SESSIONS,
        1,
        {
            "id": "md5('session' || n)::uuid::text",
            "token_hash": _hash("token"),
            "account_id": _SCATTERED,
            "method": "'passkey'",
            "passkey_id": "md5('passkey' || n)::uuid::text",
            "began_at": _RECENTLY,
            "proved_at": _RECENTLY,
            "proof_method": "'passkey'",
            "proof_passkey_id": "md5('passkey' || n)::uuid::text",
            "ceremony_id": f"substring({_hash('ceremony')} from 1 for 24)",
            "user_agent": _AGENT,
            "last_seen_at": _RECENTLY,
            "expires_at": f"{_RECENTLY} + 30 * {_DAY}",
        },
    ),
    Kind(
        "events",
        EVENTS,
        1,
        {
            "account_id": _SCATTERED,
            "kind": "'signed_in'",
            "at": f":now - (:accounts * {EVENTS}::bigint - n) * 1000",
            "facts": """'{"method":"passkey","passkey":"' || md5('passkey' || n)::uuid || '"}'""",
        },
    ),
    Kind(
        "ceremonies",
        1,
        MARKS,
        {"mark": f"int8send(:now - n * 1000::bigint) || substring({_hash('mark')} from 1 for 16)"},
    ),
    Kind(
        "mails",
        1,
        MAILS,
        {
            "id": "md5('mail' || n)::uuid::text",
            "account_id": _SCATTERED,
            "purpose": "'sign_in'",
            "binding_hash": _hash("binding"),
            "origin": "'https://example.com'",
            "next": "'/'",
            "user_agent": _AGENT,
            "note": "''",
            "asked_at": ":now",
            "expires_at": f":now + {_DAY}",
            "link_hash": "rpad('$argon2id$v=19$m=19456,t=2,p=1$', 97, 'x')",
            "code_hash": "rpad('$argon2id$v=19$m=19456,t=2,p=1$', 97, 'y')",
            "attempts": "0",
            "sent_at": ":now",
            "deliveries": "1",
            "due_at": ":now",
            "lease_until": "0",
        },
    ),
)


def fill(url: str, accounts: int, *, now: int, public_key: bytes = bytes(77)) -> None:
    """Fill an empty database that has our tables.

    Args:
        now: In microseconds; no row is newer.
        public_key: Of every passkey; without it nobody can sign in.
    """
    of_all = {"accounts": accounts, "now": now, "public_key": f"'\\x{public_key.hex()}'::bytea"}
    with psycopg.connect(url, autocommit=True) as connection, _in_haste(connection):
        for kind in KINDS:
            rows = kind.rows(accounts)
            for first in range(0, rows, _AT_ONCE):
                last = min(first + _AT_ONCE, rows)
                connection.execute(kind.statement(first, last, **of_all).encode())
                _progress(kind.table, last, rows)
        connection.execute("VACUUM ANALYZE")


@contextmanager
def _in_haste(connection: "psycopg.Connection[tuple[object, ...]]") -> Iterator[None]:
    """Not safe from a power cut, and without looking for each row's account, which is quicker."""
    haste = ("fsync", "full_page_writes", "autovacuum")
    for setting in haste:
        connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
    connection.execute("SELECT pg_reload_conf()")
    connection.execute("SET session_replication_role = replica")
    yield
    for setting in haste:
        connection.execute(f"ALTER SYSTEM RESET {setting}".encode())
    connection.execute("SELECT pg_reload_conf()")
    connection.execute("CHECKPOINT")  # else it is written to the disk while others measure


@dataclass(frozen=True)
class Size:
    """Attributes:
    rows: How many there are.
    bytes: Of all of them, with indexes and what is kept apart.
    indexes: Of that, the indexes.
    """

    table: str
    rows: int
    bytes: int
    indexes: int


def sizes(url: str) -> Iterator[Size]:
    with psycopg.connect(url) as connection:
        for kind in KINDS:
            table = f"unlatch_{kind.table}"
            asked = (
                f"SELECT count(*), pg_total_relation_size('{table}'), pg_indexes_size('{table}') "  # noqa: S608
                f"FROM {table}"
            )
            yield Size(table, *connection.execute(asked.encode()).fetchall()[0])


def sample(url: str, table: str, column: str, rows: int, most: int) -> list[bytes]:
    """The values of some of a table's rows, from anywhere in it.

    Args:
        rows: How many there are, about.
    """
    percent = min(100.0, 200.0 * most / rows)
    asked = (
        f"SELECT {column} FROM {table} TABLESAMPLE BERNOULLI ({percent}) "  # noqa: S608
        f"ORDER BY random() LIMIT {most}"
    )
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute(asked.encode()).fetchall()]


def _progress(name: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{name}: {done} of {of} rows ", end="" if done < of else "\n", file=sys.stderr)
