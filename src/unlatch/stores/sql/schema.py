"""The schema's age, and its migrations: Alembic's scripts in `stores/migrations`, run from
here on a connection of ours, with a version table of our own beside the host's.

Alembic is imported at the first need: looking whether a database fits takes one select.
"""

import threading
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, inspect, select

from unlatch.stores.sql.tables import meta

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"
"""The newest revision; a test compares it with the scripts."""

VERSION_TABLE = "unlatch_alembic_version"

MIN_CODE = "min_code"
"""Its row in the table of what is true of the whole database. A revision that only expands (a new
table, an index, a column with a default) leaves it alone: during a rolling upgrade, and after one
that is taken back, older code goes on. One that takes something away writes the revision since
which the code does without.
"""

_NEWER_THAN_ANY = "~"

_SCRIPTS = Path(__file__).parent.parent / "migrations"
_version = Table(VERSION_TABLE, MetaData(), Column("version_num", Text, primary_key=True))
_migrating = threading.Lock()


class State(Enum):
    """How a database stands to this code."""

    FITS = "fits"
    EXPANDED = "expanded"  # by a newer version, and this one still works with it
    BEHIND = "behind"
    AHEAD = "ahead"
    EMPTY = "empty"

    @property
    def waits(self) -> bool:
        """Whether this code has something to do about it."""
        return self in (State.EMPTY, State.BEHIND)

    @property
    def serves(self) -> bool:
        """Whether this code works with it."""
        return self in (State.FITS, State.EXPANDED)


def check(engine: Engine) -> State:
    """Compare a database's revision with this code's. Changes nothing."""
    with engine.connect() as connection:
        return state_of(connection)


def state_of(connection: Connection) -> State:
    """The same, over a connection that there is."""
    found = revision(connection)
    if found is None:
        return State.EMPTY
    if found == HEAD:
        return State.FITS
    if found in revisions():
        return State.BEHIND
    return State.EXPANDED if _min_code(connection) <= HEAD else State.AHEAD


def revision(connection: Connection) -> str | None:
    """The database's revision, or None before the first."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(_version.c.version_num)).scalar()


def _min_code(connection: Connection) -> str:
    """The oldest code that works with this schema, by its `HEAD`: what the migrations wrote."""
    least = connection.execute(select(meta.c.value).where(meta.c.name == MIN_CODE)).scalar()
    return least.decode() if least is not None else _NEWER_THAN_ANY


def revisions() -> list[str]:
    """All that this code knows, oldest first."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(alembic_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def migrate(connection: Connection, target: str = "head") -> None:
    """Run the missing migrations inside the connection's open transaction.

    Alembic keeps its context in global variables: one migration at a time in a process.
    """
    from alembic import command

    with _migrating:
        command.upgrade(alembic_config(connection), target)


def alembic_config(connection: Connection | None = None) -> "Config":
    """For Alembic's own commands; `env.py` works on the connection given here."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
