"""A site as `unlatch serve` runs it, with people in it, and what its processes cost."""

import os
import secrets
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from postgres import Postgres
from processes import COMMAND, environment, free_port
from redis_servers import RedisServer
from scaling_processes import Processor
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


@dataclass(frozen=True)
class Site:
    """Attributes:
    home: Where its processes are started.
    others: The ids of servers that it leans on, by what they are called.
    mail_port: Of 127.0.0.1; None where no mail is sent.
    log: Where what it says goes to.
    """

    home: Path
    database_url: str
    redis_url: str | None = None
    workers: int = 1
    others: Mapping[str, int] = field(default_factory=dict)
    mail_port: int | None = None
    log: Path = Path(os.devnull)

    @property
    def command(self) -> list[str]:
        return [*COMMAND, "serve", "--host", "127.0.0.1", "--workers", str(self.workers)]

    @property
    def settings(self) -> dict[str, str]:
        redis = {"UNLATCH_REDIS_URL": self.redis_url} if self.redis_url else {}
        mail = {"UNLATCH_MAIL_PORT": str(self.mail_port)} if self.mail_port else {}
        return _SETTINGS | {"UNLATCH_DATABASE_URL": self.database_url} | redis | mail


def leaned_on(server: Postgres, redis: RedisServer) -> dict[str, int]:
    """The ids of their first processes, by what they are called."""
    return {
        "database": main_process(server),
        "redis": int(redis.ask("INFO", "server")["process_id"]),
    }


class Servable(Protocol):
    """What a site is to `serving`; the command takes `--port`."""

    @property
    def home(self) -> Path: ...
    @property
    def command(self) -> list[str]: ...
    @property
    def settings(self) -> dict[str, str]: ...
    @property
    def others(self) -> Mapping[str, int]: ...
    @property
    def log(self) -> Path: ...


def main_process(server: Postgres) -> int:
    """Its id."""
    return int((server.home / "data/postmaster.pid").read_text().split()[0])


@dataclass(frozen=True)
class Served:
    """Attributes:
    port: Of 127.0.0.1.
    pid: Of its main process, which starts the workers.
    processor: What it and all that it leans on use of a processor.
    """

    port: int
    pid: int
    processor: Processor


@contextmanager
def serving(site: Servable) -> Iterator[Served]:
    """While it runs."""
    port = free_port()
    with site.log.open("ab") as log:
        process = subprocess.Popen(
            [*site.command, "--port", str(port)],
            cwd=site.home,
            env=environment(**site.settings),
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for whoever measures, who ends it in order
        )
    try:
        while not connects(port):
            if process.poll() is not None:
                raise SystemExit(f"it did not start: {' '.join(site.command)}")
            time.sleep(0.05)
        processor = Processor({"servers": process.pid, **site.others})
        yield Served(port, process.pid, processor)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def username(number: int) -> str:
    """Of the people that are made here, counted from 0."""
    return f"mira.okafor{number}"


def passkeys(many: int) -> list[SoftCredential]:
    """Make one for each person. All of these have one private key, which costs a server no less."""
    key = make_key(ES256)
    return [
        SoftCredential(
            rp_id=HOST,
            user_handle=secrets.token_hex(32).encode(),
            private_key=key,
            resident=True,
            backup_eligible=True,
            backed_up=True,
        )
        for _ in range(many)
    ]


def people(database_url: str, many: int) -> list[SoftCredential]:
    """Make the tables, and people with a passkey each."""
    database = open_database(database_url, patient=True)
    database.upgrade()
    database.close()
    made = passkeys(many)
    stores = open_stores(database_url, patient=True)
    with stores.unit() as unit:
        for number, credential in enumerate(made):
            account = an_account(
                username(number),
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
