"""What a sign-in with a passkey costs, beside Flask-Security's and beside one raw verification.

    python benchmarks/sign_in.py                             all of it: some minutes
    python benchmarks/sign_in.py --only sqlite --rounds 3    one of sqlite, postgres
    make bench ARGS="--rounds 5 --sign-ins 400 --json all.json"   the same by make

A sign-in is two requests, as a browser makes them: options, then an answer that is signed anew.
Nothing is switched off for it. Unlatch and Flask-Security take turns in every round, each running
all the time: `unlatch serve` as it is by default on SQLite, and with two workers on PostgreSQL and
Redis; Flask-Security 5.9 on granian with as many processes and threads as suit it best, which is
tried first, on a SQLite or PostgreSQL of its own. On SQLite a third stands beside them, a sign-in
written by hand with Flask (`by_hand/`), which tells about what is not ours. What counts first is
what all processes of a site use of a processor (workers, PostgreSQL, Redis), then how many there
are in a second, and how long one waits, with one client and with four. Clients sign for themselves,
and what that takes is told apart.

What Flask-Security's visitors need before, a token against CSRF and a session for it, they fetch
before the clock starts, and after it has stopped each session is tried at a protected page. In each
round each site must refuse that page to a stranger, a signature of another key, and an accepted
answer that is sent again by a key that counts; or all of it ends.

Ratios are of the same round, told as the median of all rounds with the least and the most. Servers
are of its own, on free ports of 127.0.0.1, and keep what was committed; Flask-Security is installed
into build/beside. docs/performance.md says what came of it. (Linux.)
"""

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

import msgspec
from sign_in_by_hand import by_hand
from sign_in_result import Result
from sign_in_rounds import compare, progress
from sign_in_sites import FLASK_SECURITY, SQLITE, STORES, UNLATCH, flask_security, unlatch
from sign_in_told import lines


def run(store: str, how: argparse.Namespace) -> Result:
    """All rounds on one store."""
    with ExitStack() as ends:
        home = Path(ends.enter_context(TemporaryDirectory()))
        sites = [ends.enter_context(unlatch(store, home, how.people))]
        if not how.without_flask_security:
            sites.append(ends.enter_context(flask_security(store, home, how.people, progress)))
        if store == SQLITE:
            sites.append(ends.enter_context(by_hand(home, how.people)))
        return compare(store, sites, how.rounds, how.sign_ins, one=UNLATCH, to=FLASK_SECURITY)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sign-ins", type=int, default=400, help="of each site, in each turn")
    parser.add_argument("--people", type=int, default=1000, help="who sign in")
    parser.add_argument("--only", choices=list(STORES), help="one store")
    parser.add_argument("--without-flask-security", action="store_true", help="install nothing")
    parser.add_argument("--json", type=Path, help="write all of it to this file, too")
    how = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: no server outlives it
    results = []
    for store in [how.only] if how.only else STORES:
        results.append(run(STORES[store], how))
        print("\n".join(lines(results[-1])), flush=True)
    if how.json:
        how.json.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2))


if __name__ == "__main__":
    main()
