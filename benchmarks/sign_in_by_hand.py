"""A sign-in written by hand with Flask, run on granian in one process of one thread."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scaling_site import ORIGIN, passkeys, serving
from sign_in_beside import Size, granian, settle
from sign_in_pace import Contestant
from sign_in_sites import named, warmed
from sign_in_visits import ByHandVisit

BY_HAND = "Flask by hand"

_SIZE = Size(processes=1, threads=1)
_SECRET = secrets.token_urlsafe()


@dataclass(frozen=True)
class ByHand:
    """The app in `by_hand/`, to be served with a database there."""

    home: Path
    others: Mapping[str, int] = field(default_factory=dict)
    log: Path = Path(os.devnull)

    @property
    def command(self) -> list[str]:
        return granian(sys.executable, "by_hand.app:create_app", _SIZE)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(Path(__file__).parent),
            "BESIDE_ORIGIN": ORIGIN,
            "BESIDE_SECRET": _SECRET,
            "BESIDE_DATABASE": str(self.home / "by-hand.sqlite"),
        }


@contextmanager
def by_hand(home: Path, many: int) -> Iterator[Contestant]:
    """With so many people in it."""
    site, made = ByHand(home), passkeys(many)
    settle([sys.executable, "-m", "by_hand.people"], site.settings, made)
    with serving(site) as served:
        at = f"granian {_SIZE}", served.port, served.pid, served.processor
        yield warmed(Contestant(BY_HAND, *at, ByHandVisit, "", named(made)))
