"""Copies of a PostgreSQL database, by its own pg_dump."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from psycopg.conninfo import make_conninfo

from unlatch import private
from unlatch.errors import StoreError

_SECRETS = ("password", "sslpassword")
_OF_PSYCOPG = ("options", "connect_timeout", "tcp_user_timeout")
"""Our deadlines: a copy takes as long as it takes."""


def dump(parameters: Mapping[str, str], target: Path) -> None:
    """Copy the whole database into a new file that only its owner can read. Writers go on.

    Args:
        parameters: How to connect, by libpq's names.

    Raises:
        StoreError: There is no pg_dump, or it failed; or the file cannot be made, or exists.
    """
    program = shutil.which("pg_dump")
    if program is None:
        raise StoreError(
            "There is no pg_dump on this machine: install PostgreSQL's client programs, or run "
            "`pg_dump --format=custom --file=FILE` where they are."
        )
    try:
        private.make_file(target)
    except OSError as error:
        raise StoreError(f"{target} cannot be used: {error}.") from error
    try:
        _run(program, parameters, target)
    except BaseException:
        target.unlink()  # half a copy is worse than none
        raise


def _run(program: str, parameters: Mapping[str, str], target: Path) -> None:
    # Everybody on the machine may read a command line; an environment is its owner's.
    left_out = (*_SECRETS, *_OF_PSYCOPG)
    where = make_conninfo("", **{k: v for k, v in parameters.items() if k not in left_out})
    password = parameters.get("password")
    ended = subprocess.run(  # noqa: S603  # a program found on PATH; what it gets is the operator's
        [program, "--format=custom", "--no-password", f"--file={target}", f"--dbname={where}"],
        env=os.environ | ({"PGPASSWORD": password} if password else {}),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise StoreError(f"pg_dump made no copy: {ended.stderr.strip()}")
