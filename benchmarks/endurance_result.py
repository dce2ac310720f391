"""What came of it, in figures."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression

from endurance_samples import Sample
from endurance_visits import ANSWERED, FAILED, REFUSED, STEPS, Book


@dataclass(frozen=True)
class Waits:
    """Milliseconds, of so many."""

    many: int
    p50: float
    p99: float
    p999: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Waits":
        ranked = sorted(seconds) or [0.0]
        at = (ranked[math.ceil(share * len(ranked)) - 1] * 1000 for share in (0.5, 0.99, 0.999, 1))
        return cls(len(seconds), *at)


@dataclass(frozen=True)
class Asked:
    """How one kind of request went.

    Attributes:
        why: How many were refused or failed, by how and why.
    """

    waits: Waits
    answered: int
    refused: int
    failed: int
    why: dict[str, int]


@dataclass(frozen=True)
class Result:
    """Attributes:
    seconds: How long people came.
    rate: Of sign-ins by passkey, in a second.
    due: How many of those there were.
    slope: Of the memory of all workers in the second half, MB an hour; None if that was too short.
    lateness: From when a visit was due until it began.
    processor: Shares of one processor's time, by whose.
    """

    seconds: float
    rate: float
    due: int
    slope: float | None
    lateness: Waits
    asked: dict[str, Asked]
    processor: dict[str, float]
    samples: list[Sample]


def slope(samples: Sequence[Sample]) -> float | None:
    """MB an hour, by least squares over the second half, when all has been loaded."""
    late = [one for one in samples if one.at >= samples[-1].at / 2]
    if len(late) < 3:
        return None
    memory = [one.workers.memory for one in late]
    return linear_regression([one.at / 3600 for one in late], memory).slope


def asked(book: Book) -> dict[str, Asked]:
    """By what, in the order of the steps."""
    return {what: _asked(what, book) for what in STEPS if what in book.waits}


def _asked(what: str, book: Book) -> Asked:
    ends: Counter[str] = Counter()
    why = {}
    for (of, end, reason), many in book.ends.items():
        if of != what:
            continue
        ends[end] += many
        if end != ANSWERED:
            why[f"{end}: {reason}"] = many
    return Asked(Waits.of(book.waits[what]), ends[ANSWERED], ends[REFUSED], ends[FAILED], why)
