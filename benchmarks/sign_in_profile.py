"""Where the time of a sign-in with a passkey goes, as text.

    python benchmarks/sign_in_profile.py                    on both stores, a minute
    python benchmarks/sign_in_profile.py --only sqlite      one of sqlite, postgres
    make bench-profile ARGS="--seconds 60"                  the same by make

One client signs in again and again, while py-spy looks several hundred times a second at what the
workers of `unlatch serve` do. What is told is a share of the time from when a request has come to
when it is answered: what the code does, and what it waits for, disk and database. It must be
allowed to look, as root is. py-spy is installed into build/profiler. (Linux.)
"""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

from own_environment import programs
from sign_in_pace import Contestant
from sign_in_sites import STORES, unlatch

_BEGINS = "unlatch/server/turns.py"
_SHARE = 0.01
_PEOPLE = 200


@dataclass
class Part:
    """Samples in which it was on the stack at this place, with what it called."""

    samples: int = 0
    parts: dict[str, "Part"] = field(default_factory=dict)

    def add(self, path: list[str], samples: int) -> None:
        self.samples += samples
        if path:
            self.parts.setdefault(path[0], Part()).add(path[1:], samples)


def sampled(site: Contestant, file: Path, seconds: int) -> list[tuple[list[str], int]]:
    """Stacks of requests, outermost first, and how often each was seen."""
    how = ["--format", "raw", "--rate", "300", "--duration", str(seconds), "--subprocesses"]
    command = [str(programs("profiler") / "py-spy"), "record", *how, "--output", str(file)]
    spy = subprocess.Popen([*command, "--pid", str(site.pid)], stdout=subprocess.DEVNULL)
    with site.browsers(1) as (browser,):
        for person in cycle(site.people):
            if spy.poll() is not None:
                break
            site.visit(browser, person).sign_in()
    if spy.returncode != 0:
        raise SystemExit("py-spy could not look: what it says above tells why.")
    lines = (line.rpartition(" ") for line in file.read_text().splitlines())
    return [(stack.split(";"), int(many)) for stack, _, many in lines if _BEGINS in stack]


def lines(store: str, stacks: list[tuple[list[str], int]]) -> Iterator[str]:
    whole, own = Part(), Counter[str]()
    for stack, many in stacks:
        path = _path(stack)
        whole.add(path, many)
        own[path[-1].partition(" ")[0]] += many
    yield f"\n{store}: {whole.samples} samples\n"
    yield from _told(whole, whole.samples, 0)
    yield "\nwithout what it calls:"
    for name, many in own.most_common():
        if many >= _SHARE * whole.samples:
            yield f"{100 * many / whole.samples:6.1f} %  {name}"


def _path(stack: list[str]) -> list[str]:
    """From where a request has come: our own functions, each after its module; of all others the
    package alone, however many of its functions call each other.
    """
    begin = next(at for at, frame in enumerate(stack) if _BEGINS in frame)
    path: list[str] = []
    for frame in stack[begin:]:
        function, _, place = frame.rpartition(" (")
        file = place.partition(":")[0]
        ours = file.startswith("unlatch/")
        name = f"{file} {function}" if ours else file.partition("/")[0].removesuffix(".py")
        if name != "contextlib" and (not path or path[-1] != name):
            path.append(name)
    return path


def _told(part: Part, all_samples: int, depth: int) -> Iterator[str]:
    for name, one in sorted(part.parts.items(), key=lambda named: -named[1].samples):
        share = one.samples / all_samples
        if share >= _SHARE:
            yield f"{100 * share:6.1f} %  {'  ' * depth}{name}"
            yield from _told(one, all_samples, depth + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", choices=list(STORES), help="one store")
    how = parser.parse_args()
    for store in [how.only] if how.only else STORES:
        with (
            TemporaryDirectory() as folder,
            unlatch(STORES[store], Path(folder), _PEOPLE) as site,
        ):
            stacks = sampled(site, Path(folder, "stacks"), how.seconds)
        print("\n".join(lines(STORES[store], stacks)), flush=True)


if __name__ == "__main__":
    main()
