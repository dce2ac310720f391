"""A worker process: the app, from the settings that the main process has read."""

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING

from unlatch.flask.sender.rounds import stop_all
from unlatch.server import health
from unlatch.server.app import create_app
from unlatch.server.lost_cookies import tell_of_lost_cookies
from unlatch.server.many import has_one_writer
from unlatch.server.turns import TURN_PATIENCE, Turns, turn_away

if TYPE_CHECKING:
    from flask import Flask

READING = 24
"""Bodies waited for at once. As many again may wait for that, and together they are fewer than
there are threads (`serving.py`), so that some are always free.
"""

MAILED = ("/sign-in/email", "/register")
"""Below the prefix: who posts there asks for a mail, and need not be known to anybody."""

AT_ONCE = 8
"""Requests worked on at once where the database is a server, whose answers they wait for. On SQLite
it is one: they would only wait for each other.
"""

_PR_SET_PDEATHSIG = 1


def load(config: Mapping[str, object], main_process: int, counts: Path | None) -> Turns:
    """What granian calls in each worker.

    Args:
        main_process: The id of the process that starts the workers.
        counts: The folder for what is counted; None to count nothing.
    """
    _end_with(main_process)
    app = create_app(config)
    if counts is not None:
        _count(app, counts)
    # What an earlier process left unsent goes out; and what the first sign-in would wait for,
    # like the database library, is loaded beside: not at once, so that the first page is quick.
    soon = threading.Timer(0.5, _settle, [app])
    soon.daemon = True
    soon.start()
    # granian ends a worker that ended its requests, and a forked process runs no `atexit`: the
    # mail that is being handed over would be cut off, and nobody could send it again.
    Finalize(None, stop_all, exitpriority=1)
    return in_turns(app)


def in_turns(app: "Flask") -> Turns:
    """As many requests at a time as its database is best asked by."""
    app.before_request(turn_away)
    settings = app.extensions["unlatch"].settings
    has_one = has_one_writer(settings)
    return Turns(
        tell_of_lost_cookies(app),
        at_once=1 if has_one else AT_ONCE,
        reading=READING,
        patience=None if has_one else TURN_PATIENCE,
        at_any_time=health.PATHS,
        aside=[settings.url_prefix + path for path in MAILED],
    )


def _settle(app: "Flask") -> None:
    """Send what is due, with which all is loaded that requests need; and have the collector leave
    that alone. It looked at all of it again and again, some 100,000 objects, for which everybody
    waited: 70 ms after every 1,500 sign-ins.
    """
    app.extensions["unlatch"].deliver()
    gc.collect()  # or what is garbage by now would stay, too
    gc.freeze()


def _count(app: "Flask", folder: Path) -> None:
    from prometheus_client import CollectorRegistry

    from unlatch.server.metrics import add_metrics
    from unlatch.server.slots import take_slot

    take_slot(folder)
    add_metrics(app, CollectorRegistry())  # nobody reads it: the supervisor reads the files


def _end_with(main_process: int) -> None:
    """See that no worker goes on answering, with the port in its hands, after the main process
    was killed. By SIGKILL: nobody is left who would see to a worker that is slow to stop.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != main_process:  # it was killed before this
        os._exit(1)
