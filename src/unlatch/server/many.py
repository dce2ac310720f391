"""What it takes for many workers to be one site: a database that lets many write, and counters
that all of them share.
"""

from unlatch.database_url import is_postgresql
from unlatch.errors import SettingsError
from unlatch.settings import Settings


def has_one_writer(settings: Settings) -> bool:
    """Whether its database lets one write at a time."""
    return settings.database_url is None or not is_postgresql(settings.database_url)


def check_workers(settings: Settings, workers: int) -> None:
    """See that so many worker processes may serve one site.

    Raises:
        SettingsError: They may not; a sentence for each thing that is missing.
    """
    if workers == 1:
        return
    faults = []
    if has_one_writer(settings):
        faults.append(
            f"--workers {workers} needs PostgreSQL, because SQLite has one writer; set "
            "UNLATCH_DATABASE_URL to a postgresql:// address, or leave --workers out."
        )
    if settings.redis_url is None:
        faults.append(
            f"--workers {workers} needs Redis, because workers that count each for itself let "
            f"{workers} times as much pass; set UNLATCH_REDIS_URL to a redis:// address, or leave "
            "--workers out."
        )
    if faults:
        raise SettingsError(faults)
