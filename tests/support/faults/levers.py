"""What a test does to a site while it runs: files in a folder, which its processes look at."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Levers:
    """The test pulls them; `faults.entry` is what gives way.

    Attributes:
        folder: Of one site.
    """

    folder: Path

    def kill_at(self, step: str) -> None:
        """Whoever reaches that step next dies there, by SIGKILL. One process, once."""
        self._write("step", step)

    @property
    def is_armed(self) -> bool:
        """Whether nobody has come to the step yet."""
        return (self.folder / "step").exists()

    def move_clock(self, minutes: int) -> None:
        """From now on the site's clock is so much ahead."""
        self._write("clock", str(minutes * 60_000_000))

    def fill_disk(self, pages: int) -> None:
        """From now on the database may have no more than so many pages."""
        self._write("pages", str(pages))

    @property
    def letter(self) -> str:
        """The mail that a letter was written for last: where there is one sender, what it has in
        its hands.
        """
        return self._read("letter")

    def wrote(self, mail: str) -> None:
        """Called by the site's senders when they have written a letter."""
        self._write("letter", mail)

    def reached(self, step: str) -> None:
        """Called by the site's processes at every step."""
        if self._read("step") != step:
            return
        try:
            (self.folder / "step").unlink()
        except FileNotFoundError:
            return  # another one came first
        os.kill(os.getpid(), signal.SIGKILL)

    @property
    def microseconds_ahead(self) -> int:
        """Called by the site's processes whenever they look at the clock."""
        return int(self._read("clock") or 0)

    @property
    def pages(self) -> int:
        """Called by the site's processes before each transaction; 0 where nobody said any."""
        return int(self._read("pages") or 0)

    def _write(self, name: str, text: str) -> None:
        draft = self.folder / f"{name}.draft"
        draft.write_text(text)
        draft.replace(self.folder / name)

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            return ""
