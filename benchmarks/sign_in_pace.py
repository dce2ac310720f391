"""So many sign-ins by so many at once: they arrive, they sign in, which is measured, and then the
protected page must know each of them.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from statistics import median, quantiles
from typing import TypeVar

from scaling_browser import Browser
from scaling_crowd import CROWD, Pace
from scaling_processes import Processor
from sign_in_refusals import check
from sign_in_visits import Person, Visit

T = TypeVar("T")


@dataclass(frozen=True)
class Contestant:
    """A site that runs.

    Attributes:
        how: It is run.
        pid: Of its main process.
        processor: What it and all that it leans on use of a processor.
        visit: How one signs in there.
        prefix: Of its paths.
        people: Who may.
    """

    name: str
    how: str
    port: int
    pid: int
    processor: Processor
    visit: Callable[[Browser, Person], Visit]
    prefix: str
    people: list[Person]

    def measure(self, sign_ins: int, at_once: int) -> Pace:
        """Raises:
        NotLetIn: Somebody honest was not.
        SystemExit: The protected page does not know somebody who signed in.
        """
        with self.browsers(at_once) as browsers, ThreadPoolExecutor(at_once) as pool:
            come = zip(range(sign_ins), cycle(browsers), self._turns, strict=False)
            shares: list[list[Visit]] = [[] for _ in browsers]
            for number, browser, person in come:
                shares[number % at_once].append(self.visit(browser, person))

            def everybody(step: Callable[[Visit], T]) -> list[T]:
                done = pool.map(lambda share: [step(one) for one in share], shares)
                return [one for share in done for one in share]

            everybody(_arrive)
            before, own, began = self.processor.seconds(), time.process_time(), time.perf_counter()
            took = everybody(_sign_in)
            spent, own = time.perf_counter() - began, time.process_time() - own
            used = {name: now - before[name] for name, now in self.processor.seconds().items()}
            everybody(self._check_session)
        each = {name: one / sign_ins for name, one in (used | {CROWD: own}).items()}
        return Pace(sign_ins / spent, median(took), quantiles(took, n=100)[-1], each)

    @cached_property
    def _turns(self) -> Iterator[Person]:
        """Who comes next: one after the other, over all turns. The last two come for nothing else
        than `check_refusals`.
        """
        return cycle(self.people[:-2])

    def check_refusals(self) -> bool:
        """See `sign_in_refusals.check`."""
        counting, synced = self.people[-2:]
        with self.browsers(1) as (browser,):
            return check(
                self.name,
                synced=lambda: self.visit(browser, synced),
                counting=lambda: self.visit(browser, counting),
            )

    @contextmanager
    def browsers(self, many: int) -> Iterator[list[Browser]]:
        """On connections that stay open."""
        made = [Browser(self.port, prefix=self.prefix) for _ in range(many)]
        try:
            yield made
        finally:
            for one in made:
                one.hang_up()

    def _check_session(self, visit: Visit) -> None:
        if (who := visit.who()) != visit.person.name:
            raise SystemExit(f"{self.name} knows {visit.person.name}, who signed in, as {who}")


def _arrive(visit: Visit) -> None:
    visit.arrive()


def _sign_in(visit: Visit) -> float:
    return visit.sign_in()
