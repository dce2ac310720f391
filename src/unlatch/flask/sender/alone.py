"""The sender in a process of its own: `unlatch worker`, `flask unlatch worker`."""

import signal
import threading

from unlatch.errors import UnlatchError
from unlatch.flask.sender.sending import Sender

STOPPING = 8
"""Seconds that a mail, or a request, may still take when all is to end: Docker kills after ten."""


class CannotSend(UnlatchError):
    """A process that is there to send cannot."""


def send_until_told(sender: Sender) -> None:
    """Send what is due, and sweep, until SIGINT, SIGTERM or SIGHUP; then end the mail at hand.

    Call it from the main thread, which alone may see to signals.

    Raises:
        CannotSend: There is no room for the thread that sends. To wait for better times would look
            as if all were well; whatever watches over the process sees its end.
    """
    told = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows knows no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup's
            signal.signal(number, lambda *_: told.set())
    sender.worker = "thread"
    sender.wake()
    if not sender.running:
        raise CannotSend(
            "No mail is sent: the sender's thread could not start. Let this process have more "
            "threads (`ulimit -u`, a container's limit of pids)."
        )
    told.wait()
    sender.stop(STOPPING)
