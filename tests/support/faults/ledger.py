"""The ledger: what was asked of a site, and what it answered, request by request. Written down
before a request is sent, so that one whose answer never came stands there, too.
"""

import itertools
import json
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """What the answer to a request says of what it asked for."""

    ACKNOWLEDGED = "it is done"
    REFUSED = "it is not done, and will not be"
    UNAVAILABLE = "503: it may be done"
    CUT = "no answer: it may be done"
    LATE = "no answer in time: it may be done"
    UNSENT = "nobody listened"
    BROKEN = "an error of ours"
    OPEN = "sent, and nothing known"

    @property
    def may_be_done(self) -> bool:
        return self not in (Outcome.REFUSED, Outcome.UNSENT)


@dataclass
class Entry:
    """One request.

    Attributes:
        who: A username. All of one person's are sent one after the other.
        deed: What it asks for: `register`, `sign_in`, …
        once: What only one of all requests may spend, or "".
        facts: What it is about. told: what the answer says came of it.
        seconds: Until the answer, or until nobody waited any longer.
    """

    number: int
    who: str
    deed: str
    once: str
    facts: dict[str, str]
    outcome: Outcome = Outcome.OPEN
    status: int = 0
    told: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_acknowledged(self) -> bool:
        return self.outcome is Outcome.ACKNOWLEDGED

    @property
    def is_written(self) -> bool:
        return self.is_acknowledged and self.deed != "look"


class Ledger:
    """All entries, in the order in which they were begun; also in a file, line by line."""

    def __init__(self, file: Path) -> None:
        self.entries: list[Entry] = []
        self._file = file
        self._numbers = itertools.count()
        self._writing = threading.Lock()

    def begin(self, who: str, deed: str, *, once: str = "", **facts: str) -> Entry:
        """Write down what is about to be sent."""
        with self._writing:
            entry = Entry(next(self._numbers), who, deed, once, facts)
            entry.seconds = -time.monotonic()
            self.entries.append(entry)
            self._write(entry)
        return entry

    def end(self, entry: Entry, outcome: Outcome, *, status: int = 0, **told: str) -> None:
        """Write down what was answered."""
        with self._writing:
            entry.seconds += time.monotonic()
            entry.outcome, entry.status, entry.told = outcome, status, told
            self._write(entry)

    def of(self, who: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.who == who]

    def people(self) -> set[str]:
        return {entry.who for entry in self.entries}

    def tally(self) -> Counter[tuple[str, str]]:
        """How often which deed came out how."""
        return Counter((entry.deed, entry.outcome.name) for entry in list(self.entries))

    def done(self, deed: str = "") -> int:
        """How many were acknowledged so far."""
        return sum(
            entry.is_acknowledged and deed in ("", entry.deed) for entry in list(self.entries)
        )

    def _write(self, entry: Entry) -> None:
        line: dict[str, Any] = asdict(entry)
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")
