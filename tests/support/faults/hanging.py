"""A PostgreSQL server that hangs: it is there, and none of its processes says a word."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from postgres import Postgres


@contextmanager
def stopped(server: Postgres) -> Iterator[None]:
    """All its processes are stopped. (Each has a process group of its own.) The kernel goes on to
    take connections for it.
    """
    postmaster = int((server.home / "data/postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGSTOP)  # first: it begins no more of them
    _tell(postmaster, signal.SIGSTOP)
    try:
        yield
    finally:
        _tell(postmaster, signal.SIGCONT)
        os.kill(postmaster, signal.SIGCONT)


def _tell(postmaster: int, number: signal.Signals) -> None:
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in map(int, children):
        with suppress(ProcessLookupError):  # it ended by itself
            os.kill(pid, number)
