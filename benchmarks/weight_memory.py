"""What `unlatch serve` holds, on SQLite: idle, and after so many sign-ins."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from endurance_samples import megabytes
from scaling_processes import started_by
from sign_in_pace import Contestant
from sign_in_sites import SQLITE, unlatch
from weight_start import AsTyped, starting

_PEOPLE = 1000
_AT_ONCE = 4
_BATCH = 1000
_SETTLED = 3.0
"""Seconds after which what a worker loads beside the first requests is there."""


@dataclass(frozen=True)
class Held:
    """Attributes:
    sign_ins: By passkey, before.
    memory: MB of all processes; what several share, other programs too, is split between them
        (PSS).
    own: Of these, what is in no file (Pss_Anon): it does not move with who else runs Python.
    """

    sign_ins: int
    memory: float
    own: float

    @classmethod
    def now(cls, sign_ins: int, main: int) -> "Held":
        processes = [main, *started_by(main)]
        memory, own = (
            sum(megabytes(one, kind) for one in processes) for kind in ("Pss", "Pss_Anon")
        )
        return cls(sign_ins, memory, own)


@dataclass(frozen=True)
class Memory:
    """In the order in which it was read; nobody signed in before the first."""

    held: list[Held]


def memory(home: Path, sign_ins: Sequence[int], told: Callable[[str], None]) -> Memory:
    """Idle after the first answer; and after so many sign-ins in all, each of which comes from an
    address of its own and is seen to show the protected page.

    Args:
        sign_ins: In rising order.
    """
    idle, busy = home / "idle", home / "busy"
    idle.mkdir()
    busy.mkdir()
    with starting(AsTyped(idle)) as started:
        time.sleep(_SETTLED)
        held = [Held.now(0, started.pid)]
    with unlatch(SQLITE, busy, _PEOPLE) as site:
        held += _growing(site, sign_ins, told)
    return Memory(held)


def _growing(
    site: Contestant, sign_ins: Sequence[int], told: Callable[[str], None]
) -> Iterator[Held]:
    done = 0
    for wanted in sign_ins:
        while done < wanted:
            some = min(_BATCH, wanted - done)
            site.measure(some, _AT_ONCE)
            done += some
            told(f"{done} sign-ins")
        time.sleep(_SETTLED)
        yield Held.now(done, site.pid)
