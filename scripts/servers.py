"""Find the servers that the tests start: PostgreSQL, pgbouncer, Redis and its sentinel, nginx.

What is missing is installed where that can be done, on Debian as root. Otherwise a sentence says
what to do. With `--no-install` it only looks.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = {
    "postgresql": "postgres",
    "pgbouncer": "pgbouncer",
    "redis-server": "redis-server",
    "redis-sentinel": "redis-sentinel",
    "nginx-light": "nginx",
}
"""Debian's packages, and the program of each that the tests start."""

PLACES = (Path("/usr/sbin"),)
"""Where to look beside the PATH, on which only root has them."""

POSTGRESQL = Path("/usr/lib/postgresql")
"""Where Debian puts a folder for each version. It puts none of them on the PATH."""

STARTS_NONE = Path("/usr/sbin/policy-rc.d")
"""Debian asks this program before it starts the service of a package: 101 says no."""


def main() -> None:
    missing = sorted(package for package in PACKAGES if not is_there(PACKAGES[package]))
    if missing and "--no-install" not in sys.argv[1:]:
        install(missing)
        missing = sorted(package for package in missing if not is_there(PACKAGES[package]))
    if missing:
        sys.exit(
            "The tests start servers that are not on this machine: run "
            f'"sudo apt-get install {" ".join(missing)}" on Debian, elsewhere install what has the '
            f"programs {', '.join(PACKAGES[package] for package in missing)}, then make again."
        )


def is_there(program: str) -> bool:
    places = [os.environ.get("PATH", ""), *PLACES, *POSTGRESQL.glob("*/bin")]
    return shutil.which(program, path=os.pathsep.join(map(str, places))) is not None


def install(packages: list[str]) -> None:
    """Whether it worked is for whoever looks again."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print(f"Installing {', '.join(packages)} …", file=sys.stderr, flush=True)
    with nothing_started():
        if run(["apt-get", "update", "-qq"]):
            run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages])


@contextmanager
def nothing_started() -> Iterator[None]:
    """The tests want programs, not services that hold the usual ports of this machine."""
    if STARTS_NONE.exists():  # somebody's own policy
        yield
        return
    STARTS_NONE.write_text("#!/bin/sh\nexit 101\n")
    STARTS_NONE.chmod(0o755)
    try:
        yield
    finally:
        STARTS_NONE.unlink()


def run(command: list[str]) -> bool:
    quiet = subprocess.run(
        command,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return quiet.returncode == 0


if __name__ == "__main__":
    main()
