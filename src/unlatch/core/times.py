"""Moments and spans, in whole microseconds so that stores need convert nothing."""

from collections.abc import Callable

Clock = Callable[[], int]
"""Gives the present moment in microseconds since 1970 UTC."""

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
