"""What a site weighs: memory, starts, imports, the sign-in page, instructions.

    python benchmarks/weight.py                              all of it: a quarter of an hour
    python benchmarks/weight.py --only page import           some of memory, start, import, page,
                                                             instructions
    make bench-weight ARGS="--sign-ins 100000 --json all.json"   the same by make

**memory** is that of all processes of `unlatch serve` on SQLite: idle after its first answer, after
a thousand sign-ins by passkey, and after many. **start** is from the command to the first answer,
without a setting, in a new folder and again in the same. **import** is `import unlatch` in a new
interpreter, beside `import flask`. **page** is what Chromium gets over the wire for the sign-in
page, at its first visit and its second. **instructions** are those of one sign-in, counted by
valgrind, and of one raw verification.

Servers are of its own, on free ports of 127.0.0.1. docs/performance.md says what came of it.
(Linux.)
"""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

import msgspec
from weight_instructions import find_valgrind, instructions
from weight_memory import memory
from weight_page import visits
from weight_start import imports, starts
from weight_told import lines

FIRST = 1000
"""Sign-ins, from which on memory should not grow any more."""


def _memory(how: argparse.Namespace, home: Path) -> object:
    return memory(home, sorted({min(FIRST, how.sign_ins), how.sign_ins}), _progress)


PARTS: dict[str, Callable[[argparse.Namespace, Path], object]] = {
    "memory": _memory,
    "start": lambda how, _: starts(how.starts),
    "import": lambda how, _: imports(how.imports),
    "page": lambda _, home: visits(home),
    "instructions": lambda how, _: instructions(how.valgrind, _progress),
}


def _progress(said: str) -> None:
    print(said, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sign-ins", type=int, default=20_000, help="after which memory is read")
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--imports", type=int, default=15)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--json", type=Path, help="write all of it to this file, too")
    how = parser.parse_args()
    if "instructions" in how.only:
        how.valgrind = find_valgrind()  # before somebody waits for all the rest
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: no server outlives it
    found = {}
    for name in how.only:
        with TemporaryDirectory() as home:
            found[name] = PARTS[name](how, Path(home))
        print("\n".join(lines(found[name])), flush=True)
    if how.json:
        how.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))


if __name__ == "__main__":
    main()
