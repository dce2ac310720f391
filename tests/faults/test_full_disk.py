"""The database's disk is full, and then it is not any more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from faults.ledger import Outcome
from faults.siege import often

MEGABYTES = 4


def unavailable(siege):
    return sum(entry.outcome is Outcome.UNAVAILABLE for entry in siege.ledger.entries)


def test_no_page_is_left(besiege):
    """SQLite's own limit: what does not fit is 503, and all else goes on."""
    siege = besiege()

    with siege.load():
        for _ in range(often(20)):
            siege.wait_for(10)
            before = unavailable(siege)
            siege.levers.fill_disk(pages=1)  # as many as it has
            siege.wait_until(lambda before=before: unavailable(siege) > before + 3, "503")
            siege.levers.fill_disk(pages=1_000_000)

        siege.wait_for(10)

    siege.check(cut=False)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own; where none may be mounted, the report says so."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "unlatch-faults", str(folder)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_small_file_system(besiege, small_disk):
    siege = besiege(UNLATCH_DATABASE_URL=f"sqlite:///{small_disk / 'site.sqlite'}")

    with siege.load():
        for _ in range(often(10)):
            siege.wait_for(10)
            before = unavailable(siege)
            fill(small_disk / "ballast")
            siege.wait_until(lambda before=before: unavailable(siege) > before + 3, "503")
            (small_disk / "ballast").unlink()
        siege.wait_for(10)

    siege.check(cut=False)


def fill(ballast: Path) -> None:
    with ballast.open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), bytes(4096))
        except OSError:
            pass
