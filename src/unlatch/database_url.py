"""Where accounts are kept, as one address: `sqlite:///` and the path of a file, `postgresql://` as
PostgreSQL's libpq takes it, or `memory:` for tests.
"""

import importlib.util
from pathlib import Path

MEMORY = "memory:"
SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")


def is_postgresql(url: str) -> bool:
    """Whether it leads to a server, which lets many write at once."""
    return url.startswith(_POSTGRESQL)


def place_of(url: str) -> str:
    """Where that is, for people, without a password."""
    if is_postgresql(url):
        named = libpq_parameters(url)
        return f"{named.get('dbname', 'the default one')} at {named.get('host', 'this machine')}"
    return str(Path(url.removeprefix(SQLITE)).absolute()) if url.startswith(SQLITE) else url


def fault_of(url: str) -> str | None:
    """What keeps such an address from being used, in words that go on after the setting's name, and
    tell nothing that could be a password.
    """
    if is_postgresql(url):
        return _fault_of_postgresql(url)
    named = url.removeprefix(SQLITE)
    if url == MEMORY or named not in ("", ":memory:", url):
        return None
    return (
        f"begins with {url.partition(':')[0]!r}; it takes sqlite:/// and the path of a file, or "
        "postgresql:// and where the database is"
    )


def _fault_of_postgresql(url: str) -> str | None:
    if importlib.util.find_spec("psycopg") is None:
        return (
            "names PostgreSQL, but the library that speaks to it is missing; install it with "
            "`pip install 'psycopg[binary]'`"
        )
    try:
        libpq_parameters(url)
    except ValueError as error:
        return str(error)
    return None


def libpq_parameters(url: str) -> dict[str, str]:
    """What the address of a PostgreSQL says, by libpq's names. Needs psycopg.

    Raises:
        ValueError: libpq cannot read it.
    """
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict

    _, _, rest = url.partition("://")
    try:
        found = conninfo_to_dict(f"postgresql://{rest}")
        # Then some of it is of a password, which errors would tell.
        if "@" in f"{str(found.get('host'))[1:]}{found.get('port')}{found.get('dbname')}":
            raise Error
        for host in str(found.get("host", "")).split(","):
            if not host.startswith("/"):
                host.encode("idna")  # as it will be to look it up
    except (Error, UnicodeError):
        # libpq quotes what it could not read, and that may be the password.
        raise ValueError(
            "is not as PostgreSQL's libpq reads it; it takes "
            "postgresql://user:password@host:5432/name, where signs like @ : / % in a password "
            "are written as %40 %3A %2F %25"
        ) from None
    return {name: str(value) for name, value in found.items() if value is not None}
