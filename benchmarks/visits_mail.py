"""How long one waits for a sign-in with a passkey while many others ask for a mail."""

import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from processes import free_port
from scaling_browser import OPTIONS, SIGN_IN, Browser, answer
from scaling_processes import started_by, thread_seconds
from scaling_site import username
from servers import connects
from sign_in_pace import Contestant
from sign_in_result import Spread
from sign_in_rounds import progress
from sign_in_sites import SQLITE, unlatch
from sign_in_told import WIDTH, spread
from visits_arrivals import Came, come

RATE = 10.0
"""Sign-ins with a passkey in a second."""

_EACH = 4
"""Mails at most that somebody is asked for; five in an hour are let through."""


@dataclass(frozen=True)
class Turn:
    """Attributes:
    p50, p99: Seconds that a sign-in with a passkey took from when it was due.
    failed: Sign-ins that were not let in.
    processors: That the site kept busy.
    thread: That its busiest thread did.
    """

    p50: float
    p99: float
    failed: int
    processors: float
    thread: float


@dataclass(frozen=True)
class Round:
    """Attributes:
    asked: How many requests for a mail were answered how.
    p99: Seconds that such a request took, from when it was due.
    left: Mails that had left when the last was asked for.
    """

    idle: Turn
    loaded: Turn
    asked: dict[int, int]
    p99: float
    left: int


@dataclass(frozen=True)
class Mail:
    """Attributes:
    mails: Asked for in a second.
    ratio: Of the p99 of a sign-in, loaded to idle.
    """

    mails: float
    rounds: list[Round]
    ratio: Spread


def run(rounds: int, seconds: float, mails: float, people: int) -> Mail:
    """Args:
    seconds: Of each turn.
    mails: Asked for in a second.
    people: Who are there, at the least; more, where so many mails need more.
    """
    people = max(people, round(mails * seconds / _EACH) + 1)
    found = []
    for number in range(rounds):
        found.append(_one_round(seconds, mails, people))
        progress(f"mail: round {number + 1} of {rounds}")
    return Mail(mails, found, ratio(found))


def ratio(rounds: list[Round]) -> Spread:
    return Spread.of(one.loaded.p99 / one.idle.p99 for one in rounds)


def _one_round(seconds: float, mails: float, people: int) -> Round:
    """At a new site, which has no mails in its queue."""
    with (
        TemporaryDirectory() as folder,
        _mail_server() as port,
        unlatch(SQLITE, Path(folder), people, port) as site,
        # In a process of its own, since what it does would delay whoever is timed in this one.
        ProcessPoolExecutor(1, get_context("spawn")) as elsewhere,
    ):
        elsewhere.submit(int).result()  # it has begun
        idle = _turn(site, seconds)
        asking = elsewhere.submit(ask_for_mails, site.port, mails, seconds, people)
        loaded = _turn(site, seconds)
        came = asking.result()
        left = _left(Path(folder, "unlatch.sqlite"))
    asked = Counter(one.status for one in came)
    return Round(idle, loaded, dict(asked), _p99(came), left)


def _turn(site: Contestant, seconds: float) -> Turn:
    (worker,) = started_by(site.pid)
    threads, used, began = thread_seconds(worker), site.processor.seconds(), time.perf_counter()
    came = come(site.port, RATE, seconds, partial(_sign_in, site))
    spent = time.perf_counter() - began
    busy = sum(site.processor.seconds().values()) - sum(used.values())
    busiest = max(now - threads.get(one, 0.0) for one, now in thread_seconds(worker).items())
    failed = sum(one.status != 200 for one in came)
    p50 = median(one.seconds for one in came)
    return Turn(p50, _p99(came), failed, busy / spent, busiest / spent)


def _sign_in(site: Contestant, browser: Browser, number: int) -> int:
    begun = browser.ask("POST", OPTIONS, {})
    if begun.status != 200:
        return begun.status
    key = site.people[number % len(site.people)].key
    return browser.ask("POST", SIGN_IN, answer(key, begun.body)).status


def ask_for_mails(port: int, rate: float, seconds: float, people: int) -> list[Came]:
    """Each for somebody else, from somewhere else."""

    def ask(browser: Browser, number: int) -> int:
        # From the other end: who signs in needs no mail any more, and gets none.
        who = username(people - 1 - number % people)
        return browser.ask("POST", "/sign-in/email", {"identifier": who}).status

    return come(port, rate, seconds, ask)


def _p99(came: list[Came]) -> float:
    return quantiles((one.seconds for one in came), n=100)[-1]


def _left(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        asked = "SELECT count(*) FROM unlatch_mails WHERE sent_at IS NOT NULL"
        return int(connection.execute(asked).fetchone()[0])


@contextmanager
def _mail_server() -> Iterator[int]:
    """Its port. It takes everything, and keeps nothing."""
    port = free_port()
    sink = ["-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{port}"]
    process = subprocess.Popen([sys.executable, *sink], start_new_session=True)
    try:
        while not connects(port):
            if process.poll() is not None:
                raise SystemExit("the mail server did not start")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def lines(of: Mail) -> Iterator[str]:
    yield f"\nSQLite, {len(of.rounds)} rounds, {RATE:g} sign-ins with a passkey in a second\n"
    heads = ("p50 ms", "p99 ms", "processors", "busiest thread")
    yield f"{'':25}" + "".join(f"{head:>{WIDTH}}" for head in heads)
    yield f"{'alone':25}{_figures([one.idle for one in of.rounds])}"
    yield f"{f'with {of.mails:g} mails a second':25}{_figures([one.loaded for one in of.rounds])}"
    yield f"{'ratio':25}{'':{WIDTH}}{spread(of.ratio, 2):>{WIDTH}}"
    failed = sum(turn.failed for one in of.rounds for turn in (one.idle, one.loaded))
    yield f"{failed} sign-ins were not let in"
    asked = sum((Counter(one.asked) for one in of.rounds), Counter())
    said = ", ".join(f"{many} with {status}" for status, many in sorted(asked.items()))
    waited = Spread.of(one.p99 * 1000 for one in of.rounds)
    yield f"requests for a mail: {said}; p99 {spread(waited, 1)} ms"
    yield f"mails that had left by then: {spread(Spread.of(one.left for one in of.rounds), 0)}"


def _figures(turns: list[Turn]) -> str:
    of = (
        (1, Spread.of(one.p50 * 1000 for one in turns)),
        (1, Spread.of(one.p99 * 1000 for one in turns)),
        (2, Spread.of(one.processors for one in turns)),
        (2, Spread.of(one.thread for one in turns)),
    )
    return "".join(f"{spread(one, digits):>{WIDTH}}" for digits, one in of)
