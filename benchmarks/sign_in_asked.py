"""What scripts that compare two sites are asked, and how they tell what came of it."""

import argparse
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
from sign_in_result import Result
from sign_in_told import lines


def tell(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], Result]) -> None:
    """Run it as the command line has it.

    Args:
        parser: Knows what only this script is asked.
    """
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sign-ins", type=int, default=400, help="at each site, in each turn")
    parser.add_argument("--json", type=Path, help="write all of it to this file, too")
    how = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: no server outlives it
    result = run(how)
    print("\n".join(lines(result)), flush=True)
    if how.json:
        how.json.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2))
