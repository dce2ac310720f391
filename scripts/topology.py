"""Run what compose.yaml runs, without containers, on this machine alone, until Ctrl-C.

    make topology

Needs the servers that the tests need, and keeps nothing. Mail goes to port 1025 of this machine,
where something like `python -m aiosmtpd -n -l 127.0.0.1:1025` shows it.
"""

import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

from topology import topology

MAIL = {
    "MAIL_SERVER": "127.0.0.1",
    "MAIL_PORT": "1025",
    "MAIL_FROM": "sign-in@localhost",
    "UNLATCH_MAIL_SECURITY": "none",
}


def main() -> None:
    told = threading.Event()
    # Not blocked and waited for: what is started would never hear of them either.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    with topology(MAIL) as site:
        print(f"{site.url}, with a certificate that no browser knows. Ctrl-C ends it.", flush=True)
        told.wait()


if __name__ == "__main__":
    main()
