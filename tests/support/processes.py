"""Processes as an operator starts them: without a setting of ours in their environment but those
that a test gives.
"""

import os
import random
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import unlatch

COMMAND = (sys.executable, "-m", "unlatch.server")
PATIENCE = 30.0
"""Seconds after which a test gives up waiting; a busy machine is slow."""

SETTINGS = ("UNLATCH_", "MAIL_", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "FLASK_")


def environment(**settings: str) -> dict[str, str]:
    """This process's, without any setting of ours but those given."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    # Found there too when it is not installed, and from folders other than this one.
    return own | {"PYTHONPATH": str(Path(unlatch.__file__).parents[1])} | settings


BELOW_EPHEMERAL = range(12_000, 32_000)
"""Where no connection that leaves this machine takes its port from, so that one found free stays
so until the server has started: https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html
"""


def free_port() -> int:
    """Free on every address of this machine, IPv4 and IPv6; and one that no other process of
    pytest-xdist's takes before the server has started.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = BELOW_EPHEMERAL[number :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    while True:
        port = random.choice(own)
        with socket.socket() as one, socket.socket(socket.AF_INET6) as two:
            two.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                one.bind(("0.0.0.0", port))
                two.bind(("::", port))
            except OSError:
                continue
            return port


def gunicorn(app: str, port: int, *options: str) -> list[str]:
    """The command that serves an app on a port of 127.0.0.1, as its documentation has it."""
    return [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", *options]


def wait_until(true: Callable[[], object], what: str) -> None:
    """Poll until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
