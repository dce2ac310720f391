"""What a sign-in with a passkey costs beside a server for Node that was written by hand.

    python benchmarks/sign_in_node.py                            some minutes
    make bench-node ARGS="--rounds 5 --sign-ins 400 --json all.json"   the same by make

`unlatch serve`, as it is by default on SQLite, and the server in `beside_node/` take turns as in
`sign_in.py`, which tells how it is measured: Fastify, @simplewebauthn/server and better-sqlite3, in
one process, on a SQLite file of its own whose commits are on the disk as well. That one does what a
sign-in must and nothing more; limits, events and most headers it has none.

Its packages are installed beside it, by npm, from a list with hashes. docs/performance.md says what
came of it. (Linux; Node 20 or newer, and what compiles C++, where there is no better-sqlite3 ready
for it.)
"""

import argparse
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

from own_environment import once
from scaling_site import ORIGIN, passkeys, serving
from sign_in_asked import tell
from sign_in_beside import settle
from sign_in_pace import Contestant
from sign_in_result import Result
from sign_in_rounds import compare
from sign_in_sites import SQLITE, UNLATCH, named, unlatch, warmed
from sign_in_visits import ByHandVisit

NODE = "Node"
_COMPILED = 400
"""Sign-ins after which V8 has compiled what it runs often."""

_HERE = Path(__file__).parent / "beside_node"


@dataclass(frozen=True)
class BesideNode:
    """The server in `beside_node/`, to be served with a database there."""

    home: Path
    others: Mapping[str, int] = field(default_factory=dict)
    log: Path = Path(os.devnull)

    @property
    def command(self) -> list[str]:
        return ["node", str(_HERE / "server.js")]

    @property
    def settings(self) -> dict[str, str]:
        return {
            "NODE_ENV": "production",
            "BESIDE_ORIGIN": ORIGIN,
            "BESIDE_SECRET": _SECRET,
            "BESIDE_DATABASE": str(self.home / "beside.sqlite"),
        }


_SECRET = secrets.token_urlsafe()


@contextmanager
def node(home: Path, many: int) -> Iterator[Contestant]:
    """With so many people in it; its packages are installed first."""
    version = _version()
    wanted = f"{version}\n{(_HERE / 'package-lock.json').read_text()}"
    once(_HERE / "node_modules", wanted, _install)
    site, made = BesideNode(home), passkeys(many)
    settle(["node", str(_HERE / "people.js")], site.settings, made)
    with serving(site) as served:
        at = f"{version}, 1 process", served.port, served.pid, served.processor
        running = warmed(Contestant(NODE, *at, ByHandVisit, "", named(made)))
        running.measure(_COMPILED, 4)
        yield running


def _version() -> str:
    """Raises:
    SystemExit: There is none.
    """
    if not shutil.which("npm"):
        raise SystemExit("Node is not on this machine: install Node 20 or newer, with npm.")
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def _install() -> None:
    npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error"]
    if subprocess.run(npm, cwd=_HERE, stdout=sys.stderr, check=False).returncode != 0:
        raise SystemExit("It could not be installed: what npm says above tells why.")


def run(how: argparse.Namespace) -> Result:
    """All rounds."""
    with ExitStack() as ends:
        home = Path(ends.enter_context(TemporaryDirectory()))
        made = unlatch(SQLITE, home, how.people), node(home, how.people)
        sites = [ends.enter_context(one) for one in made]
        return compare(SQLITE, sites, how.rounds, how.sign_ins, one=UNLATCH, to=NODE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1000, help="who sign in")
    tell(parser, run)


if __name__ == "__main__":
    main()
