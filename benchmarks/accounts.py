"""Whether a sign-in with a passkey takes longer where there are many accounts.

    python benchmarks/accounts.py                              a thousand and a million: some
                                                                twenty minutes
    python benchmarks/accounts.py --accounts 1000 100000        quicker
    make bench-accounts ARGS="--sign-ins 400 --json all.json"   the same by make

Two sites run all the time, each with two workers on a PostgreSQL and a Redis of its own. One has
few accounts, the other has many, each with three passkeys, two sessions and ten events, in no
order. People sign in at one and at the other in turns, with one client and with four, each with
another passkey, from anywhere in its table, so that nothing of theirs is at hand because they have
just been there; as far as the passkeys of the few go. Nothing is switched off; each session is
tried at the protected page afterwards, and whoever must not get in is refused in each round, as in
`sign_in.py`.

A million accounts take a dozen gigabytes of disk where temporary files are, which are given back
at the end. Ratios are of the same round, told as the median of all with the least and the most.
docs/performance.md says what came of it. (Linux.)
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

import psycopg
import scaling_rows as rows
from postgres import Postgres
from redis_servers import alone
from scaling_site import Site, leaned_on, passkeys
from sign_in_asked import tell
from sign_in_pace import Contestant
from sign_in_result import CLIENTS, Result
from sign_in_rounds import compare, progress
from sign_in_sites import POSTGRES, running
from sign_in_visits import Person

from unlatch.testing.keys import cose_key


def run(how: argparse.Namespace) -> Result:
    """All rounds."""
    with ExitStack() as ends:
        most = how.rounds * how.sign_ins * len(CLIENTS) + 2
        few, many = (ends.enter_context(_site(accounts, most)) for accounts in how.accounts)
        both = [few, many]
        return compare(POSTGRES, both, how.rounds, how.sign_ins, one=many.name, to=few.name)


@contextmanager
def _site(accounts: int, most: int) -> Iterator[Contestant]:
    with ExitStack() as ends:
        home = Path(ends.enter_context(TemporaryDirectory()))
        server = Postgres(*rows.POSTGRES, safe=True)
        ends.callback(server.stop)
        url = server.url(server.fresh())
        who = settle(url, accounts, most)
        redis = ends.enter_context(alone(home / "redis"))
        site = Site(home, url, redis.url, 2, leaned_on(server, redis))
        yield ends.enter_context(running(f"{accounts} accounts", site, who))


def settle(url: str, accounts: int, most: int) -> list[Person]:
    """Fill an empty database that has our tables.

    Args:
        most: So many people are given at the most, in no order.
    """
    (key,) = passkeys(1)
    began = time.perf_counter()
    rows.fill(url, accounts, now=time.time_ns() // 1000, public_key=cose_key(key.private_key))
    progress(f"{accounts} accounts, made in {time.perf_counter() - began:.0f} seconds")
    ids = rows.sample(url, "unlatch_passkeys", "credential_id", rows.PASSKEYS * accounts, most)
    owners = _owners(url, ids)
    return [Person(owners[one][0], replace(key, id=one, user_handle=owners[one][1])) for one in ids]


def _owners(url: str, ids: list[bytes]) -> dict[bytes, tuple[str, bytes]]:
    """The names and the handles of whose passkeys these are."""
    asked = (
        "SELECT credential_id, username, user_handle FROM unlatch_passkeys "
        "JOIN unlatch_accounts ON unlatch_accounts.id = account_id WHERE credential_id = ANY(%s)"
    )
    with psycopg.connect(url) as connection:
        return {one: (name, handle) for one, name, handle in connection.execute(asked, [ids])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, nargs=2, default=[1000, 1_000_000])
    tell(parser, run)


if __name__ == "__main__":
    main()
