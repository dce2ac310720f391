"""Many at once who sign in to a running site, with signatures that are good, and who come back with
their sessions.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median, quantiles

import msgspec
from scaling_site import HOST, ORIGIN, Processor

from unlatch.testing import SoftAuthenticator
from unlatch.testing.keys import SoftCredential

Cookies = dict[str, str]


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

    @classmethod
    def median_of(cls, rounds: "list[Pace]") -> "Pace":
        return cls(
            median(one.per_second for one in rounds),
            median(one.p50 for one in rounds),
            median(one.p99 for one in rounds),
            {name: median(one.processor[name] for one in rounds) for name in rounds[0].processor},
        )


class Browser:
    """One of the crowd, on a connection that stays open, as a proxy's does."""

    def __init__(self, port: int, people: list[SoftCredential]) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._people = people
        self._cookies: Cookies = {}

    def sign_in(self) -> float:
        """As anybody; gives the seconds that the site took for it, in two requests."""
        key = SoftAuthenticator(origin=ORIGIN)
        key.credentials.append(random.choice(self._people))  # noqa: S311 - no secret
        # From another address each time, as people come: no limit speaks.
        source = ".".join(str(random.randrange(1, 255)) for _ in range(4))  # noqa: S311
        self._cookies = {}
        begun, first = self._ask("POST", "/sign-in/passkey/options", {}, source)
        answer = key.get(msgspec.json.decode(begun))
        _, second = self._ask("POST", "/sign-in/passkey", answer, source)
        return first + second

    def come_back(self) -> float:
        """With the session of the last sign-in; gives the seconds of the request."""
        return self._ask("GET", "/session", None, "127.0.0.1")[1]

    def leave(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: object, source: str) -> tuple[bytes, float]:
        headers = {"Host": HOST, "Accept": "application/json", "X-Forwarded-For": source}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if method == "POST":
            headers |= {"Content-Type": "application/json", "Origin": ORIGIN}
        sent = msgspec.json.encode(body) if method == "POST" else None
        began = time.perf_counter()
        self._connection.request(method, f"/auth{path}", sent, headers)
        response = self._connection.getresponse()
        read = response.read()
        seconds = time.perf_counter() - began
        if response.status != 200:
            raise SystemExit(f"{path} gave {response.status}: {read.decode()}")
        for one in response.headers.get_all("Set-Cookie") or ():
            name, _, value = one.partition(";")[0].partition("=")
            self._cookies[name] = value
        return read, seconds


def pace(
    crowd: list[Browser],
    what: Callable[[Browser], float],
    processor: Processor,
    seconds: float,
) -> Pace:
    """Let all of them do it again and again."""

    def again(one: Browser) -> list[float]:
        took = [what(one)]
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
    each = {name: one / len(took) for name, one in (used | {"the crowd": own}).items()}
    return Pace(len(took) / spent, median(took), quantiles(took, n=100)[-1], each)
