"""How long `unlatch serve` takes to its first answer, and `import unlatch` in a new interpreter."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from processes import environment
from scaling_site import Site, serving
from sign_in_result import Spread

IMPORTED = ("unlatch", "flask")
HEAVY = ("sqlalchemy", "webauthn", "cryptography", "msgspec")

_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""So that what is compiled once stays compiled, whoever runs this."""

_IMPORT = """
import sys, time
began = time.perf_counter()
import {name}
print(time.perf_counter() - began)
print(*sys.modules)
"""


@dataclass(frozen=True)
class AsTyped(Site):
    """As whoever tries it starts it: without a setting, on a database that it makes itself."""

    database_url: str = ""

    @property
    def settings(self) -> dict[str, str]:
        return _COMPILED


@dataclass(frozen=True)
class Started:
    """Attributes:
    pid: Of its main process.
    seconds: From the command to all of the sign-in page.
    """

    port: int
    pid: int
    seconds: float


@contextmanager
def starting(site: Site) -> Iterator[Started]:
    """While it runs, from its first answer on."""
    began = time.perf_counter()
    with serving(site) as served:
        _read_sign_in_page(served.port)
        yield Started(served.port, served.pid, time.perf_counter() - began)


def _read_sign_in_page(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/auth/sign-in", headers={"Host": f"localhost:{port}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"the sign-in page gave {answer.status}")


@dataclass(frozen=True)
class Starts:
    """Seconds to the first answer, in a new folder and in one with a database."""

    new: Spread
    again: Spread


def starts(many: int) -> Starts:
    """Of so many new folders, each started in twice."""
    new: list[float] = []
    again: list[float] = []
    for _ in range(many):
        with TemporaryDirectory() as folder:
            for seconds in (new, again):
                with starting(AsTyped(Path(folder))) as started:
                    seconds.append(started.seconds)
    return Starts(Spread.of(new), Spread.of(again))


@dataclass(frozen=True)
class Imports:
    """Attributes:
    seconds: By the package.
    heavy: Those of `HEAVY` that `import unlatch` imports.
    """

    seconds: dict[str, Spread]
    heavy: list[str]


def imports(many: int) -> Imports:
    """In turns, each in an interpreter of its own; with all compiled, by one of each before."""
    taken: dict[str, list[float]] = {name: [] for name in IMPORTED}
    for number in range(many + 1):
        for name in IMPORTED:
            seconds, modules = _import(name)
            if number:
                taken[name].append(seconds)
            if name == IMPORTED[0]:
                heavy = [one for one in HEAVY if one in modules]
    return Imports({name: Spread.of(of) for name, of in taken.items()}, heavy)


def _import(name: str) -> tuple[float, list[str]]:
    command = [sys.executable, "-c", _IMPORT.format(name=name)]
    said = subprocess.run(
        command, env=environment(**_COMPILED), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return float(said[0]), said[1].split()
