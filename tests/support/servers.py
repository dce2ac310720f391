"""Servers that tests start: on loopback, on a free port, in a folder of their own, as somebody who
is not root, and stopped by their pid.
"""

import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

STARTING = 30.0
"""Seconds after which a server that does not answer is given up."""

CURE = "run `make test`, or `python scripts/servers.py`, which installs it"


def program(name: str, *folders: Path) -> str:
    """Where it is. A missing one fails the test, with the cure."""
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", ""), "/usr/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        raise AssertionError(f"{name} is not on this machine: {CURE}.")
    return found


def owner() -> str | None:
    """As whom they run: root, PostgreSQL and pgbouncer refuse to; anybody else as himself."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def folder(name: str) -> Path:
    """A new one that the owner of servers may write to, in no folder of pytest's, which are root's
    alone.
    """
    made = Path(tempfile.mkdtemp(prefix=f"unlatch-{name}-"))
    if (user := owner()) is not None:
        shutil.chown(made, user)
    return made


class Process:
    """A server in a process group of its own.

    Args:
        command: What is run; what it says goes to the file `log` in `home`.
        answers: Whether it is there. Asked until it is.
        env: Its environment; None for this process's.
        user: As whom it runs; None for whoever runs this.
    """

    def __init__(
        self,
        command: Sequence[str],
        home: Path,
        answers: Callable[[], bool],
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.command = command
        self.home = home
        self._answers = answers
        self._env = env
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env=self._env,
                user=self._user,
                start_new_session=True,
            )
        until = time.monotonic() + STARTING
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                said = (self.home / "log").read_text(errors="replace")
                self.kill()
                raise AssertionError(f"{self.command[0]} did not start:\n{said}")
            time.sleep(0.02)

    def tell(self, number: signal.Signals) -> None:
        """To all of its processes."""
        assert self._process
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """As a machine that goes dark. When it returns nobody listens any more."""
        if self._process is not None:
            if self._process.poll() is None:
                everybody = _ends(self._process.pid)
                self.tell(signal.SIGKILL)
                _wait(everybody)
            self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """In order, and for good."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def _ends(group: int) -> list[int]:
    """A file for each process of a group that can be read when that process is gone, which a worker
    is only after the one that started it: until then it takes requests that it never answers.
    """
    files = []
    for entry in Path("/proc").iterdir():
        with suppress(ValueError, ProcessLookupError):
            if os.getpgid(pid := int(entry.name)) == group:
                files.append(os.pidfd_open(pid))
    return files


def _wait(ends: list[int]) -> None:
    for end in ends:
        select.select([end], [], [])
        os.close(end)


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
