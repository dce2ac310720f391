"""Unlatch and Flask-Security, each started with a database of its own, on the stores that are
measured.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sign_in_beside as beside
from own_environment import version
from postgres import Postgres
from redis_servers import alone
from scaling_site import Site, leaned_on, main_process, people, serving, username
from sign_in_beside import SIZES, Beside, Size
from sign_in_pace import Contestant
from sign_in_visits import FlaskSecurityVisit, NotLetIn, Person, UnlatchVisit

from unlatch.testing.keys import SoftCredential

SQLITE, POSTGRES = "SQLite", "PostgreSQL"
STORES = {"sqlite": SQLITE, "postgres": POSTGRES}
UNLATCH, FLASK_SECURITY = "Unlatch", "Flask-Security"

_WARM = 40
_TRIED = 400
_NEAR = 1.05


@contextmanager
def unlatch(
    store: str, home: Path, many: int, mail_port: int | None = None
) -> Iterator[Contestant]:
    """As `unlatch serve` runs it by default; on PostgreSQL with Redis and two workers."""
    with ExitStack() as ends:
        if store == SQLITE:
            site = Site(home, f"sqlite:///{home}/unlatch.sqlite", mail_port=mail_port)
        else:
            server = _postgres(ends)
            redis = ends.enter_context(alone(home / "redis"))
            url = server.url(server.empty())
            site = Site(home, url, redis.url, 2, leaned_on(server, redis), mail_port)
        who = named(people(site.database_url, many))
        yield ends.enter_context(running(UNLATCH, site, who))


@contextmanager
def running(name: str, site: Site, who: list[Person]) -> Iterator[Contestant]:
    """A site of ours whose database has these people."""
    with serving(site) as served:
        at = f"--workers {site.workers}", served.port, served.pid, served.processor
        yield warmed(Contestant(name, *at, UnlatchVisit, "/auth", who))


@contextmanager
def flask_security(
    store: str, home: Path, many: int, told: Callable[[str], None]
) -> Iterator[Contestant]:
    """By the size that suits it best on this store: of those that take within 5 % of the least
    processor time, the one with the shortest p99 of four at once.
    """
    with ExitStack() as ends:
        if store == SQLITE:
            site = Beside(home, f"sqlite:///{home}/beside.sqlite")
        else:
            server = _postgres(ends)
            others = {"database": main_process(server)}
            site = Beside(home, server.url(server.empty()), others=others)
        who = named(beside.people(site, many))
        size = _best(site, who, told)
        yield ends.enter_context(_running(site.of(size), who))


@contextmanager
def _running(site: Beside, who: list[Person]) -> Iterator[Contestant]:
    with serving(site) as served:
        how = f"{version('beside', 'flask-security')}, granian {site.size}"
        at = how, served.port, served.pid, served.processor
        yield warmed(Contestant(FLASK_SECURITY, *at, FlaskSecurityVisit, "", who))


def _best(site: Beside, who: list[Person], told: Callable[[str], None]) -> Size:
    found = {}
    for size in SIZES:
        try:
            with _running(site.of(size), who) as running:
                found[size] = running.measure(_TRIED, 4)
        except NotLetIn as fault:  # the size does not suit the store
            told(f"tried {size}: {fault}")
            continue
        told(f"tried {size}: {found[size].cost * 1000:.2f} ms, p99 {found[size].p99 * 1000:.1f} ms")
    near = min(one.cost for one in found.values()) * _NEAR
    return min((one.p99, size) for size, one in found.items() if one.cost <= near)[1]


def _postgres(ends: ExitStack) -> Postgres:
    server = Postgres(safe=True)
    ends.callback(server.stop)
    return server


def named(keys: list[SoftCredential]) -> list[Person]:
    return [Person(username(number), key) for number, key in enumerate(keys)]


def warmed(contestant: Contestant) -> Contestant:
    """What the first visitors wait for is not what others wait for."""
    contestant.measure(_WARM, 8)
    return contestant
