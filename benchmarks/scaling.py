"""What a site needs that grows: bytes a row, time a statement, sign-ins a second.

    python benchmarks/scaling.py                     all of it, and a million accounts: half an hour
    python benchmarks/scaling.py --accounts 1000     quicker
    python benchmarks/scaling.py --only site         one of rows, site
    make bench-scaling ARGS="--accounts 1000 100000" the same by make

**rows** fills a PostgreSQL of its own with so many accounts, three passkeys, two sessions and ten
events each; says how many bytes a row takes, with its indexes; and how long the statements of a
session and of a sign-in take among so many, by the stores themselves and one after the other.

**site** lets a crowd sign in through `unlatch serve`, each with a signature of their own over
connections that stay open, and come back with their sessions: on SQLite, and on PostgreSQL and
Redis with one and with two workers. It tells what each took of a processor, apart for the servers,
the database and the crowd: that depends less on who else keeps the machine busy than how many
there are in a second, and how long one waits.

Servers are of its own, on free ports of 127.0.0.1, and keep what was committed. Where there are
rounds, medians of them are told. docs/scaling.md says what follows from it. (Linux.)
"""

import argparse
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

import scaling_rows as rows
from postgres import Postgres
from redis_servers import alone
from scaling_crowd import Pace, Visitor, pace
from scaling_site import Site, leaned_on, people, serving
from scaling_stores import Times, session_selects, sign_ins

from unlatch.stores import open_stores
from unlatch.testing.keys import SoftCredential

AT_ONCE = 8


def measure_rows(server: Postgres, sizes: list[int], asked: int, rounds: int) -> None:
    urls = {accounts: server.url(server.fresh()) for accounts in sizes}
    for accounts, url in urls.items():
        began = time.perf_counter()
        rows.fill(url, accounts, now=time.time_ns() // 1000)
        print(f"\n{accounts} accounts, made in {time.perf_counter() - began:.0f} seconds\n")
        print(f"{'table':20}{'rows':>12}{'bytes a row':>14}{'of it indexes':>15}{'MB':>10}")
        for one in rows.sizes(url):
            each, indexes = one.bytes / one.rows, one.indexes / one.rows
            size = f"{one.rows:>12}{each:>14.0f}{indexes:>15.0f}{one.bytes / 1e6:>10.1f}"
            print(f"{one.table:20}{size}", flush=True)
    measure_statements(urls, asked, rounds)


def measure_statements(urls: dict[int, str], asked: int, rounds: int) -> None:
    """Of all sizes in turn, so that what else the machine does weighs on each alike."""
    found: dict[tuple[str, int], list[Times]] = defaultdict(list)
    for _ in range(rounds):
        for accounts, url in urls.items():
            for times in _one_round(url, accounts, asked):
                found[times.what, accounts].append(times)
    print(f"\n{'statements':28}{'accounts':>10}{'p50':>10}{'p99':>10}   ms")
    for (what, accounts), of in sorted(found.items()):
        p50, p99 = median(one.p50 for one in of), median(one.p99 for one in of)
        print(f"{what:28}{accounts:>10}{p50 * 1000:>10.2f}{p99 * 1000:>10.2f}", flush=True)


def _one_round(url: str, accounts: int, asked: int) -> list[Times]:
    tokens = rows.sample(url, "unlatch_sessions", "token_hash", rows.SESSIONS * accounts, asked)
    keys = rows.sample(url, "unlatch_passkeys", "credential_id", rows.PASSKEYS * accounts, asked)
    stores = open_stores(url)
    try:
        return [session_selects(stores, tokens), sign_ins(stores, keys)]
    finally:
        stores.close()


@dataclass(frozen=True)
class Visits:
    """How many people a site has, and how long they come, in rounds of so many seconds."""

    people: int
    seconds: float
    rounds: int

    def measure(self, name: str, site: Site, who: list[SoftCredential]) -> None:
        """Let them sign in, and then come back with their sessions."""
        with serving(site) as served:
            crowd, processor = [Visitor(served.port, who) for _ in range(AT_ONCE)], served.processor
            for what, told in ((Visitor.sign_in, "sign-ins"), (Visitor.come_back, "sessions")):
                pace(crowd, what, processor, self.seconds / 5)  # loads what later ones find
                paces = [pace(crowd, what, processor, self.seconds) for _ in range(self.rounds)]
                tell(f"{name}: {told}", Pace.median_of(paces))
            for one in crowd:
                one.leave()


def measure_site(server: Postgres, home: Path, visits: Visits) -> None:
    print(f"\n{'through unlatch serve':34}{'a second':>9}{'p50':>8}{'p99':>8}   ms   processor ms")
    url = f"sqlite:///{home}/unlatch.sqlite"
    visits.measure("SQLite", Site(home, url), people(url, visits.people))
    url = server.url(server.fresh())
    who = people(url, visits.people)
    with alone(home / "redis") as redis:
        for workers in (1, 2):
            site = Site(home, url, redis.url, workers, leaned_on(server, redis))
            visits.measure(f"PostgreSQL, {workers} workers", site, who)


def tell(what: str, of: Pace) -> None:
    processor = ", ".join(f"{name} {one * 1000:.2f}" for name, one in of.processor.items())
    waited = f"{of.p50 * 1000:>8.1f}{of.p99 * 1000:>8.1f}"
    print(f"{what:34}{of.per_second:>9.0f}{waited}        {processor}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, nargs="*", default=[1000, 1_000_000])
    parser.add_argument("--asked", type=int, default=2000, help="statements a round")
    parser.add_argument("--people", type=int, default=1000, help="who sign in to the site")
    parser.add_argument("--seconds", type=float, default=10, help="a round of the site's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", choices=["", "rows", "site"])
    arguments = parser.parse_args()
    with ExitStack() as ends:
        home = Path(ends.enter_context(TemporaryDirectory()))
        server = Postgres(*rows.POSTGRES, safe=True)
        ends.callback(server.stop)
        if arguments.only != "rows":
            visits = Visits(arguments.people, arguments.seconds, arguments.rounds)
            measure_site(server, home, visits)
        if arguments.only != "site":
            measure_rows(server, arguments.accounts, arguments.asked, arguments.rounds)


if __name__ == "__main__":
    main()
