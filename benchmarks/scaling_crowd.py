"""Many at once who sign in to a running site, with signatures that are good, and who come back with
their sessions.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TypeVar

from scaling_browser import OPTIONS, SIGN_IN, Browser, Reply, answer
from scaling_processes import Processor

from unlatch.testing.keys import SoftCredential

CROWD = "the crowd"
T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """Attributes:
    per_second: How many were done, whoever else kept the machine busy.
    p50, p99: Seconds that one waited.
    processor: Seconds of a processor that one took, by whose.
    """

    per_second: float
    p50: float
    p99: float
    processor: dict[str, float]

    @property
    def cost(self) -> float:
        """Seconds of a processor that one took of all but the crowd."""
        return sum(one for name, one in self.processor.items() if name != CROWD)

    @classmethod
    def median_of(cls, rounds: "list[Pace]") -> "Pace":
        return cls(
            median(one.per_second for one in rounds),
            median(one.p50 for one in rounds),
            median(one.p99 for one in rounds),
            {name: median(one.processor[name] for one in rounds) for name in rounds[0].processor},
        )


class Visitor:
    """One of the crowd, who comes as anybody."""

    def __init__(self, port: int, people: list[SoftCredential]) -> None:
        self._browser = Browser(port)
        self._people = people

    def sign_in(self) -> float:
        """Gives the seconds that the site took for it, in two requests."""
        self._browser.come_anew()
        begun = self._ask("POST", OPTIONS, {})
        key = random.choice(self._people)  # noqa: S311 - no secret
        return begun.seconds + self._ask("POST", SIGN_IN, answer(key, begun.body)).seconds

    def come_back(self) -> float:
        """With the session of the last sign-in; gives the seconds of the request."""
        return self._ask("GET", "/session").seconds

    def leave(self) -> None:
        self._browser.hang_up()

    def _ask(self, method: str, path: str, body: object = None) -> Reply:
        reply = self._browser.ask(method, path, body)
        if reply.status != 200:
            raise SystemExit(f"{path} gave {reply.status}: {reply.body.decode()}")
        return reply


def pace(
    crowd: list[T],
    what: Callable[[T], float],
    processor: Processor,
    seconds: float,
) -> Pace:
    """Let all of them do it again and again; twice at least, or there is nothing to compare."""

    def again(one: T) -> list[float]:
        took = [what(one), what(one)]
        while time.perf_counter() < until:
            took.append(what(one))
        return took

    with ThreadPoolExecutor(len(crowd)) as pool:
        before, own, began = processor.seconds(), time.process_time(), time.perf_counter()
        until = began + seconds
        took = [one for each in pool.map(again, crowd) for one in each]
        spent = time.perf_counter() - began
        own = time.process_time() - own
    used = {name: now - before[name] for name, now in processor.seconds().items()}
    each = {name: one / len(took) for name, one in (used | {CROWD: own}).items()}
    return Pace(len(took) / spent, median(took), quantiles(took, n=100)[-1], each)
