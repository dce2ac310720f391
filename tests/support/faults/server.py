"""The real command as a process, which can be ended and begun anew."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from faults.browser import Browser, NoAnswer, Unsent
from processes import PATIENCE, environment, free_port, wait_until

SUPPORT = Path(__file__).parents[1]
ENTRY = (sys.executable, "-m", "faults.entry")


@dataclass
class Server:
    """Attributes:
    folder: Where it is started, and where it logs.
    """

    folder: Path
    settings: dict[str, str]
    workers: int = 1
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self, **more: str) -> None:
        """Start it, and wait until it answers.

        Args:
            more: Settings, for this time.
        """
        options = ["--workers", str(self.workers)] if self.workers > 1 else []
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*ENTRY, "serve", "--host", "127.0.0.1", "--port", str(self.port), *options],
                cwd=self.folder,
                env=self._environment(more),
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        wait_until(lambda: self.answers() or self.has_ended, "the site to answer")
        assert not self.has_ended, self.log

    def run(self, *command: str, **more: str) -> None:
        """Another command, to its end: "db", "upgrade"."""
        ran = subprocess.run(
            [*ENTRY, *command],
            cwd=self.folder,
            env=self._environment(more),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(by)
            self.process.wait(PATIENCE)

    @property
    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def pids(self) -> list[int]:
        """Of the worker processes."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def answers(self) -> bool:
        """Whether its pages work, as far as the database."""
        browser = Browser((self.port,), 1.0)
        try:
            return browser.send("GET", "/readyz").status == 200
        except (NoAnswer, Unsent):
            return False
        finally:
            browser.hang_up()

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        own = environment(**self.settings | more)
        own["PYTHONPATH"] = os.pathsep.join([own["PYTHONPATH"], str(SUPPORT)])
        return own
