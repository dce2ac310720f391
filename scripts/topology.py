"""Run what compose.yaml runs, without containers, on this machine alone, until Ctrl-C.

    make topology

Needs the servers that the tests need, and keeps nothing. It says where its mail goes, and what a
browser has to trust before it lets a passkey be used there.
"""

import argparse
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

TOLD = """\
{url}
 - Passkeys work where the browser trusts {certificate}
   (Chromium: --user-data-dir=/tmp/topology --ignore-certificate-errors).
 - Mail goes to port 1025 of this machine: `python -m aiosmtpd -n -l 127.0.0.1:1025` shows it.
Ctrl-C ends it."""


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    told = threading.Event()
    # Not blocked and waited for: what is started would never hear of them either.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    with topology(MAIL) as site:
        print(TOLD.format(url=site.url, certificate=site.certificate), flush=True)
        told.wait()


if __name__ == "__main__":
    main()
