"""A PostgreSQL server with a standby that has every commit before it is answered."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from postgres import Postgres, program_of
from processes import free_port, wait_until
from servers import Process, folder, owner

SAFE = ("synchronous_commit=on", "full_page_writes=on", "max_connections=200")
"""What is answered is kept by the kernel, though a process is killed; no power is cut here. A
standby wants to have as many connections as what it follows.
"""


class Standby:
    """A copy that follows a server, and without which no commit there is answered.

    Args:
        follows: The port of that server.
        port: Its own; it looks like any other server once it has taken over.
    """

    def __init__(self, follows: int, port: int) -> None:
        self.port = port
        self.home = folder("standby")
        data = self.home / "data"
        copied = subprocess.run(
            [
                program_of("pg_basebackup"),
                *("-h", "127.0.0.1", "-p", str(follows), "-U", "unlatch", "-D", str(data)),
                *("-R", "-N", "-c", "fast", "-X", "stream"),
            ],
            capture_output=True,
            cwd=self.home,
            user=owner(),
            check=False,
        )
        assert copied.returncode == 0, copied.stderr.decode()
        settings = (*SAFE, "fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        command = [program_of("postgres"), "-D", str(data), f"-p{port}"]
        self.process = Process(
            [*command, *(f"-c{one}" for one in settings)],
            self.home,
            lambda: bool(_ask(port, "1")),
            user=owner(),
        )
        self.process.start()
        _set(follows, "SET synchronous_standby_names = '*'")
        following = "sync_state = 'sync' FROM pg_stat_replication"
        wait_until(lambda: _ask(follows, following) == [(True,)], "the standby to be in step")

    def take_over(self) -> None:
        _ask(self.port, "pg_promote()")
        _set(self.port, "RESET synchronous_standby_names")  # until there is another


@contextmanager
def pair() -> Iterator["Pair"]:
    """Two of them, which may take each other's place."""
    first = Postgres(*SAFE)
    used = [(first.process, first.home)]
    try:
        yield Pair(first, used)
    finally:
        for process, home in used:
            process.kill()
            shutil.rmtree(home, ignore_errors=True)


class Pair:
    """Args:
    used: What is to be taken away in the end.

    Attributes:
    name: Of the database, which has our tables.
    ports: Of both, in the order in which clients try them.
    """

    def __init__(self, first: Postgres, used: list[tuple[Process, Path]]) -> None:
        self.name = first.fresh()
        self._used = used
        self._primary = first.process
        self._port = first.port
        self.ports = (first.port, free_port())
        self._standby = self._follow()

    @property
    def url(self) -> str:
        """For whichever of them takes writes."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"postgresql://unlatch@{hosts}/{self.name}?target_session_attrs=read-write"

    def kill(self) -> None:
        """The primary."""
        self._primary.kill()

    def fail_over(self) -> None:
        self._standby.take_over()
        self._primary, self._port = self._standby.process, self._standby.port

    def mend(self) -> None:
        """Where the dead one was there is a standby again."""
        self._standby = self._follow()

    def _follow(self) -> Standby:
        (port,) = set(self.ports) - {self._port}
        standby = Standby(self._port, port)
        self._used.append((standby.process, standby.home))
        return standby


def _connect(port: int) -> "psycopg.Connection[tuple[object, ...]]":
    url = f"postgresql://unlatch@127.0.0.1:{port}/postgres"
    return psycopg.connect(url, autocommit=True, connect_timeout=2)


def _ask(port: int, what: str) -> list[tuple[object, ...]]:
    """None where nobody answers."""
    try:
        with _connect(port) as connection:
            return connection.execute(f"SELECT {what}".encode()).fetchall()
    except psycopg.OperationalError:
        return []


def _set(port: int, what: str) -> None:
    with _connect(port) as connection:
        connection.execute(f"ALTER SYSTEM {what}".encode())
        connection.execute("SELECT pg_reload_conf()")
