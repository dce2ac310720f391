"""Moments in short words, for lists."""

from datetime import UTC, datetime

from unlatch.core.times import HOUR, MINUTE, SECOND
from unlatch.flask.state import now

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def when(at: int) -> str:
    """Like "just now", "12 minutes ago", "3 hours ago", "21 November", "3 May 2024"; in UTC,
    since a server does not know where its visitor is.

    Args:
        at: Microseconds.
    """
    passed = now() - at
    if passed < 2 * MINUTE:
        return "just now"
    if passed < HOUR:
        return f"{passed // MINUTE} minutes ago"
    if passed < 24 * HOUR:
        hours = passed // HOUR
        return "an hour ago" if hours == 1 else f"{hours} hours ago"
    then, today = _utc(at), _utc(now())
    day = f"{then.day} {_MONTHS[then.month - 1]}"
    return day if then.year == today.year else f"{day} {then.year}"


def iso(at: int) -> str:
    """For `<time datetime>`.

    Args:
        at: Microseconds.
    """
    return _utc(at).isoformat(timespec="seconds")


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND, UTC)
