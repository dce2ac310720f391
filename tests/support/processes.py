"""Processes as an operator starts them: without a setting of ours in their environment but those
that a test gives.
"""

import os
import socket
import sys
from pathlib import Path

import unlatch

COMMAND = (sys.executable, "-m", "unlatch.server")
PATIENCE = 30.0
"""Seconds after which a test gives up waiting; a busy machine is slow."""

SETTINGS = ("UNLATCH_", "MAIL_", "SECRET_KEY", "DATABASE_URL", "FLASK_")


def environment(**settings: str) -> dict[str, str]:
    """This process's, without any setting of ours but those given."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    # Found there too when it is not installed, and from folders other than this one.
    return own | {"PYTHONPATH": str(Path(unlatch.__file__).parents[1])} | settings


def free_port() -> int:
    """Free on 127.0.0.1 and on [::1]."""
    while True:
        with socket.socket() as one, socket.socket(socket.AF_INET6) as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("::1", port))
            except OSError:
                continue
            return port


def gunicorn(app: str, port: int, *options: str) -> list[str]:
    """The command that serves an app on a port of 127.0.0.1, as its documentation has it."""
    return [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", *options]
