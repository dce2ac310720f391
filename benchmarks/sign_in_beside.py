"""Flask-Security, installed for the benchmark alone and run as its documentation has it."""

import os
import secrets
import subprocess
import sys
import venv
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from processes import environment
from scaling_site import passkeys, username

from unlatch.testing.keys import SoftCredential, cose_key

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "beside/requirements.txt"
_HOME = _HERE.parent / "build/beside"
_PYTHON = str(_HOME / "bin/python")
_STAMP = _HOME / "installed-for"


def install() -> None:
    """Into an environment of its own, from the hashed list; only what changed, and mostly nothing.

    Raises:
        SystemExit: It cannot be had, with the cure.
    """
    wanted = f"{sys.version}\n{_REQUIREMENTS.read_text()}"
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    print(f"Installing Flask-Security into {_HOME} …", file=sys.stderr, flush=True)
    venv.create(_HOME, clear=True, with_pip=True)
    pip = [_PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    hashed = ["--no-deps", "--require-hashes", "--requirement", str(_REQUIREMENTS)]
    if subprocess.run([*pip, *hashed], check=False).returncode != 0:
        raise SystemExit(
            "Flask-Security could not be installed: what pip says above tells why. "
            "To measure without it, give --without-flask-security."
        )
    _STAMP.write_text(wanted)


def version() -> str:
    """Of Flask-Security."""
    lines = _REQUIREMENTS.read_text().splitlines()
    return next(line for line in lines if line.startswith("flask-security==")).split("==")[1][:-2]


@dataclass(frozen=True, order=True)
class Size:
    """How granian runs it: worker processes, and threads of each."""

    processes: int
    threads: int

    def __str__(self) -> str:
        processes = "1 process" if self.processes == 1 else f"{self.processes} processes"
        return f"{processes} of {self.threads} thread{'s' * (self.threads > 1)}"


SIZES = [Size(processes, threads) for processes in (1, 2) for threads in (1, 2, 4)]


@dataclass(frozen=True)
class Beside:
    """The app in `beside/`.

    Attributes:
        home: Where its processes are started.
        others: The ids of servers that it leans on, by what they are called.
        log: Where what it says goes to.
    """

    home: Path
    database_url: str
    size: Size = SIZES[0]
    others: Mapping[str, int] = field(default_factory=dict)
    log: Path = Path(os.devnull)

    def of(self, size: Size) -> "Beside":
        """The same in another size."""
        return replace(self, size=size)

    @property
    def command(self) -> list[str]:
        size = ["--workers", str(self.size.processes), "--blocking-threads", str(self.size.threads)]
        what = ["--interface", "wsgi", "--no-ws", "--factory"]
        where = ["--host", "127.0.0.1", "--log-level", "error"]
        return [_PYTHON, "-m", "granian", *what, *where, *size, "beside.app:create_app"]

    @property
    def settings(self) -> dict[str, str]:
        return _SECRETS | {
            "PYTHONPATH": str(_HERE),
            "BESIDE_SQLALCHEMY_DATABASE_URI": self.database_url.replace(
                "postgresql://", "postgresql+psycopg://"
            ),
        }


_SECRETS = {
    "BESIDE_SECRET_KEY": secrets.token_urlsafe(),
    "BESIDE_SECURITY_PASSWORD_SALT": secrets.token_urlsafe(),
}


def people(site: Beside, many: int) -> list[SoftCredential]:
    """Make the tables, and people with a passkey each, of the same names as ours."""
    made = passkeys(many)
    told = [
        {
            "name": username(number),
            "handle": one.user_handle.decode(),
            "id": b64encode(one.id).decode(),
            "public_key": b64encode(cose_key(one.private_key)).decode(),
        }
        for number, one in enumerate(made)
    ]
    subprocess.run(
        [_PYTHON, "-m", "beside.people"],
        input=msgspec.json.encode(told),
        env=environment(**site.settings),
        check=True,
    )
    return made
