"""How often a server that gave up is begun anew, and after which pauses."""

from collections.abc import Iterator

from unlatch.errors import UnlatchError

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds. Two deaths of a worker within 5.5 seconds end granian; a site should outlast them. But
what goes on dying is for whoever watches over it to see.
"""

CALM = 60.0
"""Seconds after which a new trouble is no part of the last one."""


class CrashLoop(UnlatchError):
    """Beginning anew did not help."""


class Patience:
    """Counts."""

    def __init__(self) -> None:
        self._pauses: Iterator[float] = iter(PAUSES)

    def pause_after(self, lived: float) -> float:
        """Seconds to wait before the server is begun anew.

        Args:
            lived: Seconds that the last one served.

        Raises:
            CrashLoop: It was begun anew often enough.
        """
        if lived > CALM:
            self._pauses = iter(PAUSES)
        pause = next(self._pauses, None)
        if pause is None:
            raise CrashLoop(
                f"Unlatch gives up: its workers died again and again, {len(PAUSES) + 1} times in a "
                "row; the log above says of what."
            )
        return pause
