"""Where things are kept: `open_stores` picks by URL.

Nothing is opened, and SQLAlchemy not imported, before it is needed.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from unlatch.database_url import MEMORY, SQLITE, fault_of, is_postgresql
from unlatch.errors import SettingsError

if TYPE_CHECKING:
    from unlatch.core.ports import Stores, Throttle
    from unlatch.stores.sql.database import Database

__all__ = ["open_database", "open_stores", "open_throttle"]


def open_stores(
    database_url: str,
    *,
    upgrade_itself: bool = False,
    pooler: bool = False,
    patient: bool = False,
) -> "Stores":
    """The stores of a database. Nothing is touched before their first use.

    Args:
        database_url: `memory:`; or `sqlite:///` and the path of a file (four slashes before
            an absolute one); or `postgresql://`, as libpq takes it.
        upgrade_itself: Make and upgrade the database at its first use: only for a file that
            is nobody's but ours, of which a copy is kept before. Any other raises
            `SchemaBehind` until the operator has run `flask unlatch db upgrade`.
        pooler: Whether a pooler in transaction mode stands in front of PostgreSQL.
        patient: Let PostgreSQL take as long as it needs: for commands.

    Raises:
        SettingsError: There is no store for such a URL, or its driver is not installed.
    """
    if database_url == MEMORY:
        from unlatch.stores.memory import MemoryStores

        return MemoryStores()
    from unlatch.stores.sql.stores import SqlStores

    return SqlStores(
        open_database(
            database_url,
            upgrade_itself=upgrade_itself,
            pooler=pooler,
            patient=patient,
        )
    )


def open_throttle(
    redis_url: str | None = None, *, key: bytes = b"", unlimited: bool = False
) -> "Throttle":
    """The counters of who tried how often. Connects to nothing before its first use.

    Args:
        redis_url: Where they are shared (`unlatch.redis_url`); None for this process's memory.
        key: Names the counters there; nobody without it reads whose they are.
        unlimited: Count nothing, for tests in which one address is everybody.

    Raises:
        ValueError: It is no such address.
    """
    from unlatch.stores.memory.throttle import MemoryThrottle, NoThrottle

    if unlimited:
        return NoThrottle()
    if redis_url is None:
        return MemoryThrottle()
    from unlatch.stores.redis.throttle import RedisThrottle

    return RedisThrottle(redis_url, key=key)


def open_database(
    database_url: str,
    *,
    upgrade_itself: bool = False,
    pooler: bool = False,
    patient: bool = False,
) -> "Database":
    """The database itself, for commands: `check`, `upgrade`, `backup`. Arguments as above.

    Raises:
        SettingsError: There is no such database, or its driver is not installed.
    """
    if fault := fault_of(database_url):
        raise SettingsError([f"UNLATCH_DATABASE_URL {fault}."])
    if is_postgresql(database_url):
        from unlatch.stores.sql.postgresql import PostgresqlDatabase

        return PostgresqlDatabase(database_url, pooler=pooler, patient=patient)
    from unlatch.stores.sql.sqlite import SqliteDatabase

    path = Path(database_url.removeprefix(SQLITE))
    return SqliteDatabase(path, upgrade_itself=upgrade_itself)
