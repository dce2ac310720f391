"""Flask-Security, installed for the benchmark alone and run as its documentation has it."""

import os
import secrets
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from own_environment import programs
from processes import environment
from scaling_site import passkeys, username

from unlatch.testing.keys import SoftCredential, cose_key

_HERE = Path(__file__).parent


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
        return granian(_python(), "beside.app:create_app", self.size)

    @property
    def settings(self) -> dict[str, str]:
        return _SECRETS | {
            "PYTHONPATH": str(_HERE),
            "BESIDE_SQLALCHEMY_DATABASE_URI": self.database_url.replace(
                "postgresql://", "postgresql+psycopg://"
            ),
        }


def granian(python: str, app: str, size: Size) -> list[str]:
    """The command that serves what a function makes, like "module:create_app"."""
    many = ["--workers", str(size.processes), "--blocking-threads", str(size.threads)]
    what = ["--interface", "wsgi", "--no-ws", "--factory"]
    where = ["--host", "127.0.0.1", "--log-level", "error"]
    return [python, "-m", "granian", *what, *where, *many, app]


_SECRETS = {
    "BESIDE_SECRET_KEY": secrets.token_urlsafe(),
    "BESIDE_SECURITY_PASSWORD_SALT": secrets.token_urlsafe(),
}


def people(site: Beside, many: int) -> list[SoftCredential]:
    """Make the tables, and people with a passkey each, of the same names as ours."""
    made = passkeys(many)
    settle([_python(), "-m", "beside.people"], site.settings, made)
    return made


def settle(command: list[str], settings: Mapping[str, str], made: list[SoftCredential]) -> None:
    """Tell the program that makes the tables who is to be in them."""
    told = [
        {
            "name": username(number),
            "handle": one.user_handle.decode(),
            "id": b64encode(one.id).decode(),
            "public_key": b64encode(cose_key(one.private_key)).decode(),
        }
        for number, one in enumerate(made)
    ]
    given = msgspec.json.encode(told)
    subprocess.run(command, input=given, env=environment(**settings), check=True)


def _python() -> str:
    return str(programs("beside") / "python")
