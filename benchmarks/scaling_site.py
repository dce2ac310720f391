"""A site as `unlatch serve` runs it, with people in it, and what its processes cost."""

import os
import secrets
import subprocess
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from processes import COMMAND, environment, free_port
from servers import connects

from unlatch.stores import open_database, open_stores
from unlatch.testing.keys import ES256, SoftCredential, cose_key, make_key
from unlatch.testing.store_contract.making import NOW, a_passkey, an_account

HOST = "unlatch.example"
ORIGIN = f"https://{HOST}"
_SETTINGS = {
    "UNLATCH_ORIGIN": ORIGIN,
    "UNLATCH_DEVELOPMENT": "0",
    "UNLATCH_SECRET_KEYS": "KeysOfASiteThatIsOnlyEverMeasured-0123456789",
    "UNLATCH_TRUSTED_PROXIES": "127.0.0.1",
    "UNLATCH_MAIL_SERVER": "127.0.0.1",
    "UNLATCH_MAIL_SECURITY": "none",
    "UNLATCH_MAIL_FROM": f"sign-in@{HOST}",
}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Site:
    """Attributes:
    home: Where its processes are started.
    others: The ids of servers that it leans on, by what they are called.
    """

    home: Path
    database_url: str
    redis_url: str | None = None
    workers: int = 1
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        return [*COMMAND, "serve", "--host", "127.0.0.1", "--workers", str(self.workers)]

    @property
    def settings(self) -> dict[str, str]:
        redis = {"UNLATCH_REDIS_URL": self.redis_url} if self.redis_url else {}
        return _SETTINGS | {"UNLATCH_DATABASE_URL": self.database_url} | redis


@contextmanager
def serving(site: Site) -> "Iterator[tuple[int, Processor]]":
    """Gives the port, on 127.0.0.1, and what it and all that it leans on use of a processor."""
    port = free_port()
    process = subprocess.Popen(
        [*site.command, "--port", str(port)],
        cwd=site.home,
        env=environment(**site.settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not connects(port):
            if process.poll() is not None:
                raise SystemExit("`unlatch serve` did not start")
            time.sleep(0.05)
        yield port, Processor({"servers": process.pid, **site.others})
    finally:
        process.terminate()
        process.wait(20)


def people(database_url: str, many: int) -> list[SoftCredential]:
    """Make the tables, and people with a passkey each. All of these have one private key, which
    costs a server no less.
    """
    database = open_database(database_url, patient=True)
    database.upgrade()
    database.close()
    key = make_key(ES256)
    made = [
        SoftCredential(
            rp_id=HOST,
            user_handle=secrets.token_bytes(64),
            private_key=key,
            resident=True,
            backup_eligible=True,
            backed_up=True,
        )
        for _ in range(many)
    ]
    stores = open_stores(database_url, patient=True)
    with stores.unit() as unit:
        for number, credential in enumerate(made):
            account = an_account(
                f"mira.okafor{number}",
                id=str(uuid.uuid4()),
                user_handle=credential.user_handle,
                confirmed_at=NOW,
            )
            passkey = a_passkey(
                account,
                id=str(uuid.uuid4()),
                credential_id=credential.id,
                public_key=cose_key(credential.private_key),
                backed_up=True,
            )
            unit.accounts.add(account, stale_before=0)
            unit.passkeys.add(passkey, limit=1)
    stores.close()
    return made


class Processor:
    """What some processes, and all that they started, have used of it. (Linux.)

    Args:
        roots: Their ids, by what they are called.
    """

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = roots

    def seconds(self) -> dict[str, float]:
        used: dict[int, int] = {}
        children = defaultdict(list)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended, and its parent tells
            process = int(stat.parent.name)
            children[int(fields[1])].append(process)
            used[process] = sum(map(int, fields[11:15]))  # its own, and that of ended children
        return {
            name: sum(used.get(one, 0) for one in _below(root, children)) / _TICKS
            for name, root in self._roots.items()
        }


def _below(root: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    yield root
    for child in children.get(root, ()):
        yield from _below(child, children)
