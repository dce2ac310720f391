"""A site under load: its servers, people who walk about in it, and the ledger."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults.audit import Audit
from faults.browser import SITE
from faults.ledger import Ledger, Outcome
from faults.levers import Levers
from faults.server import Server
from faults.walker import Walker
from postman import Postman
from processes import wait_until

from unlatch.core.times import HOUR
from unlatch.stores import open_stores
from unlatch.stores.sql.stores import SqlStores

SEED = int(os.environ.get("FAULTS_SEED") or time.time())
COUNTS = "FAULTS_SEED" in os.environ
"""Whether all is done as often as the promise names, as `make faults` does, or once."""

ANSWERED_WITHIN = 2.0
"""Seconds after which nobody waits for an answer."""

ONCE = 10.0
"""The same where it is one test of many on a busy machine: a deadline, and no measurement."""

BACK_WITHIN = 3.0

PAUSE = 0.01 if COUNTS else 0.05
"""Seconds between two deeds of one person: a test of many leaves some of the machine to others."""


def often(counts: int) -> int:
    """How many times to do what the promise counts; else once."""
    return counts if COUNTS else 1


@dataclass
class Siege:
    """Attributes:
    folder: Of the site: it is started there, and keeps there what it keeps.
    settings: Beside those that every one has.
    front: The port that people come to, where it is not a server's own.
    servers: One, to begin with.
    """

    folder: Path
    postman: Postman
    settings: Mapping[str, str]
    workers: int = 1
    walkers: int = 3
    pause: float = PAUSE
    patience: float = ANSWERED_WITHIN if COUNTS else ONCE
    back_within: float = BACK_WITHIN if COUNTS else ONCE
    front: int = 0
    servers: list[Server] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "levers").mkdir()
        self.levers = Levers(self.folder / "levers")
        self.ledger = Ledger(self.folder / "ledger.jsonl")
        self.settings = {
            "UNLATCH_ORIGIN": SITE,
            "UNLATCH_DATABASE_URL": f"sqlite:///{self.folder / 'site.sqlite'}",
            "UNLATCH_TRUSTED_PROXIES": "127.0.0.0/8",
            "SECRET_KEY": "kR3v9-dZ0qLw7xTn2YbHc8uJfA5sEgM1",
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(self.postman.port),
            "MAIL_FROM": "sign-in@example.com",
            "UNLATCH_MAIL_SECURITY": "none",
            "FAULTS_FOLDER": str(self.levers.folder),
        } | dict(self.settings)
        self.servers.append(Server(self.folder, dict(self.settings), self.workers))

    @property
    def stores(self) -> SqlStores:
        stores = open_stores(self.settings["UNLATCH_DATABASE_URL"])
        assert isinstance(stores, SqlStores)
        return stores

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.servers[0].start()

    def add_server(self) -> None:
        """Another one at a port of its own, that answers."""
        self.servers.append(Server(self.folder, dict(self.settings), self.workers))
        self.servers[-1].start()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        for server in self.servers:
            if not server.has_ended:
                server.stop(by)

    @property
    def has_ended(self) -> bool:
        """Whether one of its servers has."""
        return any(server.has_ended for server in self.servers)

    @property
    def port(self) -> int:
        return self.servers[0].port

    @property
    def log(self) -> str:
        return self.servers[0].log

    @property
    def pids(self) -> list[int]:
        """Of the worker processes of the first."""
        return self.servers[0].pids

    @contextmanager
    def load(self) -> Iterator[None]:
        """People walk about meanwhile."""
        over = threading.Event()
        walkers = [
            Walker(
                f"w{number}n{len(self.ledger.entries)}",
                (self.front,) if self.front else tuple(one.port for one in self.servers),
                self.ledger,
                self.postman,
                random.Random(SEED + number),
                self.patience,
                self.pause,
            )
            for number in range(self.walkers)
        ]
        threads = [threading.Thread(target=one.walk, args=(over,)) for one in walkers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()
        for trouble in (trouble for one in walkers for trouble in one.trouble):
            raise trouble

    def wait_for(self, more: int, deed: str = "") -> None:
        """Until so many more are acknowledged."""
        enough = self.ledger.done(deed) + more
        self.wait_until(
            lambda: self.ledger.done(deed) >= enough, f"{more} more {deed or 'answers'}"
        )

    def wait_until_back(self) -> None:
        """Something that was asked for from now on is written, in the time that is promised."""
        begins, deadline = len(self.ledger.entries), time.monotonic() + self.back_within
        while not any(one.is_written for one in self.ledger.entries[begins:]):
            assert time.monotonic() < deadline, f"not back in {self.back_within} s"
            time.sleep(0.02)

    def wait_until(self, true: Callable[[], object], what: str) -> None:
        """Until it is so, or the site has ended, which it must not."""
        try:
            wait_until(lambda: true() or self.has_ended, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.ledger.tally()}") from None
        assert not self.has_ended, self.log

    def check(self, *, cut: bool) -> None:
        """The ledger against the rows.

        Args:
            cut: Whether requests may have gone without an answer: their process was killed.
        """
        stores = self.stores
        try:
            faults = Audit(self.ledger, stores, now=time.time_ns() // 1000 + HOUR).faults()
        finally:
            stores.close()
        unanswered = {Outcome.LATE} | (set() if cut else {Outcome.CUT, Outcome.UNSENT})
        faults += [
            f"{entry.who}: {entry.deed} {entry.facts} had {entry.outcome} ({entry.seconds:.1f} s)"
            for entry in self.ledger.entries
            if entry.outcome in unanswered
        ]
        assert not faults, "\n".join([f"with the seed {SEED}", *faults])
