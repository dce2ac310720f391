"""The sender in a process of its own: `unlatch worker`, `flask unlatch worker`."""

import signal
import threading

from unlatch.flask.sender.sending import Sender

STOPPING = 8
"""Seconds that a mail, or a request, may still take when all is to end: Docker kills after ten."""


def send_until_told(sender: Sender) -> None:
    """Send what is due, and sweep, until SIGINT, SIGTERM or SIGHUP; then end the mail at hand.

    Call it from the main thread, which alone may see to signals.
    """
    told = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows knows no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup's
            signal.signal(number, lambda *_: told.set())
    sender.worker = "thread"
    sender.wake()
    told.wait()
    sender.stop(STOPPING)
