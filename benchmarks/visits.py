"""What else a site does than let people in by passkey, and what that costs.

    python benchmarks/visits.py                        all of it: half an hour
    python benchmarks/visits.py --only session         one of ways, session, mail
    make bench-visits ARGS="--rounds 5 --json all.json"    the same by make

**ways** are what people come for: a sign-in with a passkey, for comparison; a new account with its
first passkey; a sign-in by mail, with the code that is in it; a passkey shown once more in a
session. They take turns in every round, with one client, at `unlatch serve` as it is by default on
SQLite, and with two workers on PostgreSQL and Redis. What a mail takes counts: the next visitor
comes when those of the one before have arrived. Nothing is switched off, so each comes from another
address, and afterwards each session is tried at a protected page.

**session** is one page of somebody's own app, that reads `current_account`, beside the same page
that does not: of one process on granian, in turns, by a browser that is signed in.

**mail** lets people sign in with a passkey at a fixed rate, first alone, and then while a hundred
others ask for a mail in each second; on SQLite, each round at a new site. What one waits counts
from when it was due. Most of the mails are still in the queue when a round ends.

Servers are of its own, on free ports of 127.0.0.1, and keep what was committed. Of all rounds the
median is told, with the least and the most. docs/performance.md says what came of it. (Linux.)
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

import msgspec
import visits_mail
import visits_session
import visits_ways
from sign_in_sites import STORES

WAYS, SESSION, MAIL = "ways", "session", "mail"


def measured(how: argparse.Namespace) -> Iterator[tuple[str, object, list[str]]]:
    """One part after the other: its name, what came of it, and that for a person to read."""
    if how.only in (None, WAYS):
        for store in [how.store] if how.store else STORES:
            ways = visits_ways.run(STORES[store], how.rounds, how.visits, how.people)
            yield WAYS, ways, list(visits_ways.lines(ways))
    if how.only in (None, SESSION):
        session = visits_session.run(how.rounds, how.seconds)
        yield SESSION, session, list(visits_session.lines(session))
    if how.only in (None, MAIL):
        mail = visits_mail.run(how.rounds, how.seconds, how.mails, how.people)
        yield MAIL, mail, list(visits_mail.lines(mail))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--visits", type=int, default=100, help="of each way, in each turn")
    parser.add_argument("--people", type=int, default=1000, help="who are there, at the least")
    parser.add_argument("--seconds", type=float, default=20, help="a turn of the others")
    parser.add_argument("--mails", type=float, default=100, help="asked for in a second")
    parser.add_argument("--only", choices=[WAYS, SESSION, MAIL], help="one part")
    parser.add_argument("--store", choices=list(STORES), help="ways on one store")
    parser.add_argument("--json", type=Path, help="write all of it to this file, too")
    how = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: no server outlives it
    found: list[tuple[str, object]] = []
    for part, result, told in measured(how):
        found.append((part, result))
        print("\n".join(told), flush=True)
    if how.json:
        how.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))


if __name__ == "__main__":
    main()
