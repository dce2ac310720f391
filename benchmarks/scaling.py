"""What a site needs that grows: bytes a row, time a statement, sign-ins a second.

    python benchmarks/scaling.py                     all of it, with a million accounts: half an hour
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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

import scaling_rows as rows
from postgres import Postgres
from redis_servers import alone
from scaling_crowd import Browser, Pace, pace
from scaling_site import Processor, people, serving
from scaling_stores import Times, session_selects, sign_ins

from unlatch.stores import open_stores

POSTGRES = ("shared_buffers=1GB", "max_wal_size=8GB")
PEOPLE = 1000
AT_ONCE = 8


@contextmanager
def postgres() -> Iterator[Postgres]:
    server = Postgres(*POSTGRES, safe=True)
    try:
        yield server
    finally:
        server.stop()


def measure_rows(accounts: int, asked: int, rounds: int) -> None:
    with postgres() as server:
        url = server.url(server.fresh())
        began = time.perf_counter()
        rows.fill(url, accounts, now=time.time_ns() // 1000)
        print(f"\n{accounts} accounts, made in {time.perf_counter() - began:.0f} seconds\n")
        print(f"{'table':20}{'rows':>12}{'bytes a row':>14}{'of it indexes':>15}{'MB':>10}")
        for one in rows.sizes(url):
            each, indexes = one.bytes / one.rows, one.indexes / one.rows
            megabytes = one.bytes / 1e6
            print(f"{one.table:20}{one.rows:>12}{each:>14.0f}{indexes:>15.0f}{megabytes:>10.1f}")
        print(f"\n{'statements':28}{'p50':>10}{'p99':>10}   ms")
        for times in measure_statements(url, accounts, asked, rounds):
            print(f"{times.what:28}{times.p50 * 1000:>10.2f}{times.p99 * 1000:>10.2f}")


def measure_statements(url: str, accounts: int, asked: int, rounds: int) -> list[Times]:
    stores = open_stores(url)
    found: list[list[Times]] = []
    for _ in range(rounds):
        tokens = rows.sample(url, "unlatch_sessions", "token_hash", rows.SESSIONS * accounts, asked)
        credentials = rows.sample(
            url, "unlatch_passkeys", "credential_id", rows.PASSKEYS * accounts, asked
        )
        found.append([session_selects(stores, tokens), sign_ins(stores, credentials)])
    stores.close()
    return [
        Times(of[0].what, median(one.p50 for one in of), median(one.p99 for one in of))
        for of in zip(*found, strict=True)
    ]


def measure_site(seconds: float, rounds: int) -> None:
    print(f"\n{'through unlatch serve':34}{'a second':>9}{'p50':>8}{'p99':>8}   ms   processor ms")
    with ExitStack() as ends:
        home = Path(ends.enter_context(TemporaryDirectory()))
        measure_one(home, f"sqlite:///{home}/unlatch.sqlite", "SQLite", seconds, rounds)
        server = ends.enter_context(postgres())
        redis = ends.enter_context(alone(home / "redis"))
        roots = {
            "database": int((server.home / "data/postmaster.pid").read_text().split()[0]),
            "redis": int(redis.ask("INFO", "server")["process_id"]),
        }
        for workers in (1, 2):
            url, name = server.url(server.empty()), f"PostgreSQL, {workers} workers"
            measure_one(home, url, name, seconds, rounds, workers, redis.url, roots)


def measure_one(
    home: Path,
    database_url: str,
    name: str,
    seconds: float,
    rounds: int,
    workers: int = 1,
    redis_url: str = "",
    roots: dict[str, int] | None = None,
) -> None:
    who = people(database_url, PEOPLE)
    settings = {"UNLATCH_DATABASE_URL": database_url, "UNLATCH_REDIS_URL": redis_url}
    with serving(home, workers, **{key: one for key, one in settings.items() if one}) as site:
        port, process = site
        processor = Processor({"servers": process} | (roots or {}))
        crowd = [Browser(port, who) for _ in range(AT_ONCE)]
        for what, told in ((Browser.sign_in, "sign-ins"), (Browser.come_back, "sessions")):
            pace(crowd, what, processor, seconds / 5)  # the first load what later ones find
            paces = [pace(crowd, what, processor, seconds) for _ in range(rounds)]
            tell(f"{name}: {told}", Pace.median_of(paces))
        for one in crowd:
            one.leave()


def tell(what: str, of: Pace) -> None:
    processor = ", ".join(f"{name} {one * 1000:.2f}" for name, one in of.processor.items())
    waited = f"{of.p50 * 1000:>8.1f}{of.p99 * 1000:>8.1f}"
    print(f"{what:34}{of.per_second:>9.0f}{waited}        {processor}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, nargs="*", default=[1000, 1_000_000])
    parser.add_argument("--asked", type=int, default=2000, help="statements a round")
    parser.add_argument("--seconds", type=float, default=10, help="a round of the site's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", choices=["", "rows", "site"])
    arguments = parser.parse_args()
    if arguments.only != "site":
        for accounts in arguments.accounts:
            measure_rows(accounts, arguments.asked, arguments.rounds)
    if arguments.only != "rows":
        measure_site(arguments.seconds, arguments.rounds)


if __name__ == "__main__":
    main()
