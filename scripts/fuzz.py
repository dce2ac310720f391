"""Try the properties in tests/properties for as long as one likes.

    make fuzz                              until Ctrl-C, of which a second one does not wait
    make fuzz SECONDS=60 ARGS="-k names"   a minute of those with "names" in file or name

Goes round and round, a thousand examples of each property or twenty seconds at a time. What
reaches more lines of ours than other examples of its size is kept in the corpus and varied in the
next round, and so is what breaks a property: it is printed, to be added to the property as
`@example(…)`.
"""

import argparse
import io
import itertools
import math
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings, target
from hypothesis.errors import HypothesisException

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

import profiles  # noqa: E402 - lies in the folder that is put on the path above

OURS = str(ROOT / "src/unlatch")


TURN = 20.0
"""Seconds after which the next property has its turn, so that a slow one does not take all."""


BREAKS = (Exception, pytest.fail.Exception)
"""What a property is broken by; pytest's own, that something did not raise, is no `Exception`."""


class TurnIsOver(KeyboardInterrupt):
    """Of a kind that Hypothesis lets pass."""


@dataclass
class Run:
    """All rounds of all properties.

    Attributes:
        ends: When no more examples begin, by the monotonic clock.
    """

    ends: float

    def end(self, *_signal: object) -> None:
        """On Ctrl-C: an exception could rise anywhere in Hypothesis, to break it or be swallowed.

        A second Ctrl-C ends the process.
        """
        self.ends = 0.0
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.ends


@dataclass
class Property:
    """One of them, and what became of it.

    Attributes:
        turn_ends: By the monotonic clock.
    """

    name: str
    test: Callable[[], object]
    examples: int = 0
    turn_ends: float = 0.0
    broken: bool = False


def main() -> int:
    wished = parsed_arguments()
    run = Run(ends=time.monotonic() + wished.seconds)
    signal.signal(signal.SIGINT, run.end)
    properties = [
        one
        for path in sorted(wished.folder.glob("test_*.py"))
        for one in properties_in(path, profiles.fuzz(wished.corpus), run)
        if wished.only in one.name
    ]
    if not properties:
        print(f"No property has {wished.only!r} in its name.")
        return 2
    print(f"{counted(properties)}; the corpus is {wished.corpus}; Ctrl-C ends it.\n")
    for number in itertools.count(1):
        # What is broken would break at the same example again.
        whole = [one for one in properties if not one.broken]
        for done, one in enumerate(whole):
            take_turn(one, number, run, left=len(whole) - done)
        if not whole or run.is_over:
            break
    return summed_up(properties)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Try the properties as long as one likes.")
    parser.add_argument("-k", dest="only", default="", help="those with this in file or name")
    parser.add_argument("--seconds", type=float, default=math.inf, help="end by itself after these")
    parser.add_argument("--corpus", type=Path, default=Path("build/fuzz-corpus"))
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "tests/properties")
    return parser.parse_args()


def properties_in(path: Path, profile: settings, run: Run) -> Iterator[Property]:
    for name, test in runpy.run_path(str(path)).items():
        if is_hypothesis_test(test):
            yield watched(f"{path.stem}.{name}".replace("test_", ""), profile(test), run)


def watched(name: str, test: Any, run: Run) -> Property:
    """With each of its examples counted, measured, and none begun when its turn is over.

    But a turn that has broken its property lasts until the smallest example is found.
    """
    found = Property(name, test)
    inner = test.hypothesis.inner_test

    @wraps(inner)
    def example(*args: object, **drawn: object) -> None:
        if not found.broken and (run.is_over or time.monotonic() > found.turn_ends):
            raise TurnIsOver
        found.examples += 1
        with lines_reached() as reached, breaking_noted(found):
            inner(*args, **drawn)
        target(float(len(reached)), label="lines of ours")

    test.hypothesis.inner_test = example
    return found


@contextmanager
def breaking_noted(found: Property) -> Iterator[None]:
    try:
        yield
    except HypothesisException:  # no failure: its way to drop an example
        raise
    except BREAKS:
        found.broken = True
        raise


@contextmanager
def lines_reached() -> Iterator[set[tuple[str, int]]]:
    """The lines of ours that run inside."""
    reached: set[tuple[str, int]] = set()

    def on_line(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
        return on_line

    def on_call(frame: FrameType, _event: str, _: object) -> Any:
        return on_line if frame.f_code.co_filename.startswith(OURS) else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        yield reached
    finally:
        sys.settrace(before)


def take_turn(one: Property, number: int, run: Run, *, left: int) -> None:
    """Of the time until the end, one share of those that are `left` in this round."""
    if run.is_over:
        return
    before, begun = one.examples, time.monotonic()
    one.turn_ends = begun + min(TURN, (run.ends - begun) / left)
    try:
        with redirect_stdout(io.StringIO()), suppress(TurnIsOver):  # its words are in its errors
            one.test()
    except BREAKS as error:
        one.broken = True
        print(f"\nBROKEN: {one.name}")
        traceback.print_exception(error, file=sys.stdout)
        print()
    finally:
        took = time.monotonic() - begun
        print(f"round {number}: {one.examples - before:6,} in {took:5.1f} s  {one.name}")


def counted(properties: list[Property]) -> str:
    return f"{len(properties)} propert{'y' if len(properties) == 1 else 'ies'}"


def summed_up(properties: list[Property]) -> int:
    broken = [one.name for one in properties if one.broken]
    tried = [one for one in properties if one.examples]
    print(f"\n{sum(one.examples for one in tried):,} examples of {counted(tried)}.")
    for name in broken:
        print(f"BROKEN: {name}")
    print("Its example is above and in the corpus." if broken else "All of them held.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]  # it is a file or a terminal
    sys.exit(main())
