"""What a benchmark alone needs, in an environment of its own below build/, from a hashed list."""

import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

_HERE = Path(__file__).parent


def version(name: str, package: str) -> str:
    """Of a package in that list."""
    lines = (_HERE / name / "requirements.txt").read_text().splitlines()
    return next(line.split()[0] for line in lines if line.startswith(f"{package}=="))


def programs(name: str) -> Path:
    """The folder of its programs, for the list in the folder of this name; installed if anything
    changed since the last time.

    Raises:
        SystemExit: It cannot be had.
    """
    requirements = _HERE / name / "requirements.txt"
    home = _HERE.parent / "build" / name
    wanted = f"{sys.version}\n{requirements.read_text()}"
    once(home, wanted, lambda: _install(home, requirements))
    return home / "bin"


def once(home: Path, wanted: str, install: Callable[[], None]) -> None:
    """Install into a folder, unless what is there is what is wanted."""
    stamp = home / "installed-for"
    if not (stamp.exists() and stamp.read_text() == wanted):
        print(f"Installing what is needed into {home} …", file=sys.stderr, flush=True)
        install()
        stamp.write_text(wanted)


def _install(home: Path, requirements: Path) -> None:
    venv.create(home, clear=True, with_pip=True)
    pip = [str(home / "bin/python"), "-m", "pip", "install", "-qq", "--no-input"]
    quiet = ["--disable-pip-version-check", "--no-deps", "--require-hashes"]
    command = [*pip, *quiet, "--requirement", str(requirements)]
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit("It could not be installed: what pip says above tells why.")
