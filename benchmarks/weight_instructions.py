"""Instructions that a sign-in takes, counted by valgrind: a figure that who else keeps the machine
busy does not move.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from processes import environment

FEW, MANY = 20, 70
SIGN_IN, CLIENT, FLOOR = WHAT = ("sign-in", "client", "floor")

_COUNTED = Path(__file__).parent / "weight_counted.py"
_VALGRIND = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


@dataclass(frozen=True)
class Instructions:
    """Attributes:
    sign_in: Of one, by passkey on SQLite, both requests, without the client's own.
    client: What is the client's own: it asks and signs.
    floor: Of one raw verification.
    """

    sign_in: float
    client: float
    floor: float

    @property
    def floors(self) -> float:
        """So many verifications a sign-in is."""
        return self.sign_in / self.floor

    @classmethod
    def of(cls, counted: Mapping[tuple[str, int], int]) -> "Instructions":
        """Of runs that do few and many: what is left is without what each does once.

        Args:
            counted: In all of a run, by what it does and how often.
        """
        both, client, floor = (
            (counted[what, MANY] - counted[what, FEW]) / (MANY - FEW) for what in WHAT
        )
        return cls(both - client, client, floor)


def find_valgrind() -> str:
    """Where it is.

    Raises:
        SystemExit: Nowhere.
    """
    found = shutil.which("valgrind")
    if found is None:
        raise SystemExit(
            "Instructions are counted by valgrind, which is not on this machine: install it "
            "(Debian: `apt-get install valgrind`), or name the other parts by --only."
        )
    return found


def instructions(valgrind: str, told: Callable[[str], None]) -> Instructions:
    """Count them.

    Args:
        valgrind: Where it is.

    Raises:
        SystemExit: It failed.
    """

    def count(run: tuple[str, int]) -> int:
        what, many = run
        command = [valgrind, *_VALGRIND, sys.executable, str(_COUNTED), what, str(many)]
        # Hashes of its own at each start would shuffle dictionaries, and the count with them.
        ran = subprocess.run(
            command, env=environment(PYTHONHASHSEED="0"), capture_output=True, text=True
        )
        found = re.search(r"I\s+refs:\s+([\d,]+)", ran.stderr)
        if ran.returncode != 0 or found is None:
            raise SystemExit(f"valgrind failed:\n{ran.stderr}")
        told(f"counted {many} times: {what}")
        return int(found[1].replace(",", ""))

    runs = [(what, many) for what in WHAT for many in (FEW, MANY)]
    with ThreadPoolExecutor(2) as pool:  # they do not mind each other
        return Instructions.of(dict(zip(runs, pool.map(count, runs), strict=True)))
