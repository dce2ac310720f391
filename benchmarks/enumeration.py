"""Does time tell who exists? Asks a running site for people it knows and for people it does not.

    python benchmarks/enumeration.py                    2,000 pairs at every address
    python benchmarks/enumeration.py --pairs 200        quicker, and blinder
    python benchmarks/enumeration.py --only options     one of sign_in, options, passkey, email
    make bench-enumeration ARGS="--pairs 200"           the same by make

`unlatch serve` runs in a process of its own, set for production, on 127.0.0.1, with SQLite and a
mail server that takes everything. Half of the names in a list have an account with passkeys,
half have none; each is used once at each address, so that no limit per name and no cache speaks.
A pair is one of each, in random order. Every request comes over a connection of its own from
another /24 network of 127.0.0.0/8, so no limit per client address speaks either. The clock runs
from the first byte sent to the last byte read.

Before each mail that is asked for, and before each code, the sender has nothing left to do. What
it does for a mail shows in the row "the request after it": another page, asked for at once.

The effect sizes are Cliff's delta, of all that was measured, and Cohen's d, of what lies between
the 5th and the 95th percentile of both kinds taken together. A positive one means that known
names are slower. With 2,000 pairs their standard errors are 0.02 and 0.03. Exits 1 if either is
0.1 or more anywhere: then somebody with patience can ask the site who is registered.
"""

import argparse
import gc
import hashlib
import math
import os
import random
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import fmean, median, quantiles, variance
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import msgspec

from unlatch.core.cose_keys import nobodys_key
from unlatch.core.decoys import Decoys
from unlatch.core.kinds import Method
from unlatch.core.records import Account, Passkey
from unlatch.core.secrets import to_base64url
from unlatch.stores import open_stores

LIMIT = 0.1
WARM_UP = 50
"""Pairs that are not measured: the first requests load what all later ones find."""

HOST = "unlatch.example"
ORIGIN = f"https://{HOST}"
SETTINGS = {
    "UNLATCH_ORIGIN": ORIGIN,
    "UNLATCH_DEVELOPMENT": "0",
    "UNLATCH_SECRET_KEYS": "KeysOfASiteThatIsOnlyEverMeasured-0123456789",
    "UNLATCH_TRUSTED_PROXIES": "none",
    "UNLATCH_MAIL_SERVER": "127.0.0.1",
    "UNLATCH_MAIL_SECURITY": "none",
    "UNLATCH_MAIL_FROM": f"sign-in@{HOST}",
}
DATABASE = "unlatch.sqlite"
STILL_TO_SEND = (
    "SELECT count(*) FROM unlatch_mails WHERE sent_at IS NULL AND used_at IS NULL "
    "AND killed_at IS NULL AND due_at < expires_at"
)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    cookies: dict[str, str]
    seconds: float


class Site:
    """A running site.

    Args:
        port: Of the server, on 127.0.0.1.
        database: Its file.
    """

    def __init__(self, port: int, database: Path) -> None:
        self._port = port
        self._database = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        self._asked = count()

    def form(self, path: str, cookies: dict[str, str] | None = None, **fields: str) -> Answer:
        kind = "application/x-www-form-urlencoded"
        return self._ask("POST", path, urlencode(fields).encode(), kind, cookies or {})

    def json(self, path: str, body: object, cookies: dict[str, str] | None = None) -> Answer:
        encoded = msgspec.json.encode(body)
        return self._ask("POST", path, encoded, "application/json", cookies or {})

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, b"", "", {})

    def settle(self) -> None:
        """Wait until the sender has done all there is."""
        while self._database.execute(STILL_TO_SEND).fetchone()[0]:
            time.sleep(0.005)
        time.sleep(0.002)

    def _ask(
        self, method: str, path: str, body: bytes, kind: str, cookies: dict[str, str]
    ) -> Answer:
        headers = {"Host": HOST}
        if kind:
            headers |= {"Content-Type": kind, "Origin": ORIGIN}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        connection = HTTPConnection(
            "127.0.0.1", self._port, timeout=60, source_address=(self._next_address(), 0)
        )
        try:
            connection.connect()
            began = time.perf_counter()
            connection.request(method, f"/auth{path}", body=body or None, headers=headers)
            response = connection.getresponse()
            read = response.read()
            seconds = time.perf_counter() - began
        finally:
            connection.close()
        set_cookies = response.headers.get_all("Set-Cookie") or []
        new = dict(one.partition(";")[0].split("=", 1) for one in set_cookies)
        return Answer(response.status, read, new, seconds)

    def _next_address(self) -> str:
        number = next(self._asked)
        return f"127.{1 + number // 256 % 254}.{number % 256}.7"


@dataclass
class Times:
    """How long it took, in seconds, and with which statuses it ended."""

    known: list[float] = field(default_factory=list)
    unknown: list[float] = field(default_factory=list)
    known_statuses: set[int] = field(default_factory=set)
    unknown_statuses: set[int] = field(default_factory=set)

    def add(self, answer: Answer, *, known: bool) -> None:
        (self.known if known else self.unknown).append(answer.seconds)
        (self.known_statuses if known else self.unknown_statuses).add(answer.status)


Rows = dict[str, Times]
Pair = list[tuple[str, bool]]
"""Two names, and of each whether it is known; in random order."""


def sign_in(site: Site, pair: Pair, rows: Rows) -> None:
    for name, known in pair:
        rows["/sign-in"].add(site.form("/sign-in", identifier=name), known=known)


def options(site: Site, pair: Pair, rows: Rows) -> None:
    for name, known in pair:
        begun = site.json("/sign-in/passkey/options", {"identifier": name})
        rows["/sign-in/passkey/options"].add(begun, known=known)


def passkey(site: Site, pair: Pair, rows: Rows) -> None:
    """Not signed by whose the id is: nobody but them could."""
    begun = [site.json("/sign-in/passkey/options", {"identifier": name}) for name, _ in pair]
    for (_, known), one in zip(pair, begun, strict=True):
        answer = site.json("/sign-in/passkey", _forged(one), one.cookies)
        rows["/sign-in/passkey, forged"].add(answer, known=known)


def email(site: Site, pair: Pair, rows: Rows) -> None:
    browsers = []
    for name, known in pair:
        site.settle()
        asked = site.form("/sign-in/email", identifier=f"{name}@example.com")
        after = site.get("/register")
        rows["/sign-in/email"].add(asked, known=known)
        rows["/sign-in/email, the request after it"].add(after, known=known)
        browsers.append((asked.cookies, known))
    site.settle()
    for cookies, known in browsers:
        tried = site.form("/sign-in/email/code", cookies, code="ABCD-EFGH")
        rows["/sign-in/email/code, wrong"].add(tried, known=known)


ADDRESSES: tuple[Callable[[Site, Pair, Rows], None], ...] = (sign_in, options, passkey, email)


def _forged(begun: Answer) -> dict[str, object]:
    told = msgspec.json.decode(begun.body)["publicKey"]
    client = {"type": "webauthn.get", "challenge": told["challenge"], "origin": ORIGIN}
    one = told["allowCredentials"][0]["id"]
    data = hashlib.sha256(HOST.encode()).digest() + b"\x1d" + bytes(4)
    signature = bytes.fromhex("3006020101020101")
    return {
        "id": one,
        "rawId": one,
        "type": "public-key",
        "response": {
            "clientDataJSON": to_base64url(msgspec.json.encode(client)),
            "authenticatorData": to_base64url(data),
            "signature": to_base64url(signature),
        },
    }


def measure(site: Site, pairs: list[Pair], only: str) -> Rows:
    """Every address in turn, pair by pair."""
    rows: Rows = {}
    for ask in ADDRESSES:
        if only not in ("", ask.__name__):
            continue
        for pair in pairs[:WARM_UP]:
            ask(site, pair, _Forgotten())
        found = _Kept()
        for number, pair in enumerate(pairs[WARM_UP:]):
            ask(site, pair, found)
            _progress(ask.__name__, number + 1, len(pairs) - WARM_UP)
        rows |= found
    return rows


class _Kept(dict[str, Times]):
    def __missing__(self, name: str) -> Times:
        self[name] = Times()
        return self[name]


class _Forgotten(dict[str, Times]):
    def __missing__(self, name: str) -> Times:
        return Times()


def cliffs_delta(known: list[float], unknown: list[float]) -> float:
    """How much more often a known one is slower than an unknown one, than the other way round:
    from -1 to 1.
    """
    ordered = sorted(unknown)
    slower = sum(bisect_left(ordered, one) for one in known)
    quicker = sum(len(ordered) - bisect_right(ordered, one) for one in known)
    return (slower - quicker) / (len(known) * len(unknown))


def cohens_d(known: list[float], unknown: list[float]) -> float:
    """The difference of the means in standard deviations, of the trimmed values."""
    cuts = quantiles(known + unknown, n=20)
    kept = [[one for one in kind if cuts[0] <= one <= cuts[-1]] for kind in (known, unknown)]
    spread = math.sqrt((variance(kept[0]) + variance(kept[1])) / 2)
    return (fmean(kept[0]) - fmean(kept[1])) / spread


def report(rows: Rows) -> bool:
    """Print the table; gives whether nothing tells."""
    print(f"{'':40}{'status':>7}{'known':>10}{'unknown':>10}{'Cliff':>8}{'Cohen':>8}")
    quiet = True
    for name, times in rows.items():
        effects = cliffs_delta(times.known, times.unknown), cohens_d(times.known, times.unknown)
        # Answers that differ by their status need no clock.
        alike = times.known_statuses == times.unknown_statuses
        tells = max(map(abs, effects)) >= LIMIT or not alike
        quiet = quiet and not tells
        statuses = "/".join(map(str, sorted(times.known_statuses | times.unknown_statuses)))
        medians = [f"{median(kind) * 1000:.2f} ms" for kind in (times.known, times.unknown)]
        print(
            f"{name:40}{statuses:>7}{medians[0]:>10}{medians[1]:>10}"
            f"{effects[0]:>8.3f}{effects[1]:>8.3f}{'  TELLS' if tells else ''}"
        )
    return quiet


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """A mail server and a site, each in a process of its own."""
    smtp, port = _free_port(), _free_port()
    settings = SETTINGS | {
        "UNLATCH_DATABASE_URL": f"sqlite:///{folder / DATABASE}",
        "UNLATCH_MAIL_PORT": str(smtp),
    }
    sink = ["-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{smtp}"]
    serve = ["-m", "unlatch.server", "serve", "--host", "127.0.0.1", "--port", str(port)]
    started = []
    try:
        for command in (sink, serve):
            started.append(
                subprocess.Popen(
                    [sys.executable, *command],
                    cwd=folder,
                    env=os.environ | settings,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        for listening, process in zip((smtp, port), started, strict=True):
            _wait_for(listening, process)
        yield Site(port, folder / DATABASE)
    finally:
        for process in started:
            process.terminate()
            process.wait(20)


def people(folder: Path, pairs: int) -> list[Pair]:
    """Make the database, with half of the people in it."""
    names = [f"person{number:06}" for number in range(2 * pairs)]
    random.shuffle(names)
    stores = open_stores(f"sqlite:///{folder / DATABASE}", upgrade_itself=True)
    # Their passkeys are as many, and look, as those of whom the site does not know: how long a
    # list takes to write is no secret once it can be read.
    shapes = Decoys(open_stores("memory:").meta)
    with stores.unit() as unit:
        for name in names[:pairs]:
            account = _account(name)
            unit.accounts.add(account, stale_before=0)
            for number, shape in enumerate(shapes.of(name)):
                unit.passkeys.add(
                    _passkey(account, number, shape.credential_id, shape.transports), limit=1000
                )
    stores.close()
    made = [[(a, True), (b, False)] for a, b in zip(names[:pairs], names[pairs:], strict=True)]
    for pair in made:
        random.shuffle(pair)
    return made


def _account(name: str) -> Account:
    now = time.time_ns() // 1000
    return Account(
        id=str(uuid.uuid4()),
        username=name,
        username_key=name,
        display_name="",
        address=f"{name}@example.com",
        address_key=f"{name}@example.com",
        user_handle=secrets.token_bytes(64),
        browser_hash=bytes(32),
        created_at=now,
        confirmed_at=now,
    )


def _passkey(
    account: Account, number: int, credential_id: bytes, transports: tuple[str, ...]
) -> Passkey:
    return Passkey(
        id=str(uuid.uuid4()),
        account_id=account.id,
        credential_id=credential_id,
        public_key=nobodys_key(),
        sign_count=0,
        backup_eligible=True,
        backed_up=True,
        transports=transports,
        aaguid=str(uuid.UUID(int=0)),
        name=f"Key {number}",
        added_on=Method.REGISTRATION,
        added_at=account.created_at,
    )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"what was to listen on port {port} did not start")


def _progress(name: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{name}: {done} of {of} pairs ", end="" if done < of else "\n", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--only", default="", metavar="NAME", choices=["", *_names()])
    arguments = parser.parse_args()
    gc.disable()  # nothing of ours comes between
    with TemporaryDirectory() as name:
        folder = Path(name)
        pairs = people(folder, arguments.pairs + WARM_UP)
        with running(folder) as site:
            rows = measure(site, pairs, arguments.only)
    return 0 if report(rows) else 1


def _names() -> list[str]:
    return [ask.__name__ for ask in ADDRESSES]


if __name__ == "__main__":
    sys.exit(main())
