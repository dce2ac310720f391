"""PostgreSQL, and pgbouncer in front of it, for tests: one server for all tests of a process, and
a database for whoever asks.
"""

import itertools
import signal
import subprocess
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import psycopg
import pytest
from processes import free_port
from servers import Process, connects, folder, owner, program

from unlatch.stores import open_database
from unlatch.stores.sql import postgresql, postgresql_deadline

_USER = "unlatch"
_TEMPLATE = "migrated"


class Postgres:
    """A running server that trusts everybody on this machine.

    Args:
        safe: Keep what was committed although it is killed; most tests lose nothing with it.
        settings: More of its own, like `max_connections=20`.
    """

    def __init__(self, *settings: str, safe: bool = False) -> None:
        self.home = folder("postgres")
        self.port = free_port()
        self._numbers = itertools.count()
        self._make(safe)
        quick = [] if safe else ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        options = [f"-c{setting}" for setting in (*quick, "max_connections=200", *settings)]
        here = ["-clisten_addresses=127.0.0.1", "-cunix_socket_directories=", f"-p{self.port}"]
        command = [program_of("postgres"), "-D", str(self.home / "data"), *here, *options]
        self.process = Process(command, self.home, self.answers, user=owner())
        self.process.start()

    def _make(self, safe: bool) -> None:
        command = [program_of("initdb"), "-D", str(self.home / "data"), "-U", _USER, "-A", "trust"]
        kinds = ["-E", "UTF8", "--no-locale", *([] if safe else ["--no-sync"])]
        made = subprocess.run(
            [*command, *kinds], capture_output=True, cwd=self.home, user=owner(), check=False
        )
        assert made.returncode == 0, made.stderr.decode()

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str, port: int | None = None) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{port or self.port}/{database}"

    def tell(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement, outside of any transaction; gives its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> str:
        """The name of a new database without tables."""
        name = f"test{next(self._numbers)}"
        self.tell(f"CREATE DATABASE {name}")
        return name

    def fresh(self) -> str:
        """The name of a new database with our tables."""
        name = f"test{next(self._numbers)}"
        self.tell(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return name

    @cached_property
    def _template(self) -> str:
        self.tell(f"CREATE DATABASE {_TEMPLATE}")
        database = open_database(self.url(_TEMPLATE), patient=True)
        database.upgrade()
        database.close()
        return _TEMPLATE

    def stop(self) -> None:
        self.process.stop(signal.SIGINT)  # fast: whoever is connected is thrown out


class Pgbouncer:
    """In transaction mode, with few server connections, so that transactions do change them."""

    def __init__(self, postgres: Postgres) -> None:
        self.home = folder("pgbouncer")
        self.port = free_port()
        (self.home / "users").write_text(f'"{_USER}" ""\n')
        (self.home / "pgbouncer.ini").write_text(
            f"""\
[databases]
* = host=127.0.0.1 port={postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {self.home / "users"}
pool_mode = transaction
default_pool_size = 4
server_check_delay = 0
"""
        )
        command = [program("pgbouncer"), str(self.home / "pgbouncer.ini")]
        self.process = Process(command, self.home, lambda: connects(self.port), user=owner())
        self.process.start()

    def stop(self) -> None:
        self.process.stop()


def program_of(name: str) -> str:
    """Where one of PostgreSQL's programs is, the newest if there are several."""
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(installed, key=lambda path: int(path.parent.name), reverse=True)
    return program(name, *newest_first)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """For everybody in this process: take a database of your own."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def patient_postgres(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    """The same, and stores in this process wait for it: a busy machine is no fault of PostgreSQL's,
    whose deadlines are tests of their own.
    """
    be_patient(monkeypatch, commit_seconds=40.0)
    return postgres


def be_patient(monkeypatch: pytest.MonkeyPatch, *, commit_seconds: float) -> None:
    """Let stores in this process wait, for a COMMIT so long."""
    monkeypatch.setattr(postgresql, "_POOL_SECONDS", 30.0)
    monkeypatch.setattr(postgresql, "_SERVER", "")
    monkeypatch.setattr(postgresql_deadline, "STATEMENTS_SECONDS", 30.0)
    monkeypatch.setattr(postgresql_deadline, "COMMIT_SECONDS", commit_seconds)


@pytest.fixture(scope="session")
def pgbouncer(postgres: Postgres) -> Iterator[Pgbouncer]:
    pooler = Pgbouncer(postgres)
    yield pooler
    pooler.stop()
