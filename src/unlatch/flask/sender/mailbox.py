"""The development mailbox: mails go into a folder instead of to people.

A Maildir, so that any mail program can open it, and several processes can write to it at
once without a lock.
"""

import mailbox
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from unlatch import private
from unlatch.flask.sender.reading import DevMail, read

SHOWN = 50
KEPT = 200

_KEY = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)")


class MailboxTransport:
    """Keeps each mail as a file. The mails hold secrets, so all is its owner's alone.

    Args:
        folder: Made at the first mail, 0700; the mails in it are 0600.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        """File one mail, and clear away the oldest beyond 200."""
        box = self._made()
        key = box.add(message.as_bytes(policy=message.policy.clone(linesep="\n")))
        private.shut(self._folder / "new" / key)  # made by the umask, but in a folder that is shut
        for key in _newest_first(box)[KEPT:]:
            box.discard(key)

    def mails(self) -> list[DevMail]:
        """The newest 50, newest first; none before the first mail."""
        try:
            box = mailbox.Maildir(self._folder, create=False)
            keys = _newest_first(box)[:SHOWN]
        except (mailbox.NoSuchMailboxError, FileNotFoundError):
            return []
        return [mail for key in keys if (mail := _open(box, key)) is not None]

    def _made(self) -> "mailbox.Maildir":
        # By hand, since several processes may do so at once.
        for name in ("tmp", "new", "cur"):
            private.make_folder(self._folder / name)
        private.shut(self._folder)
        return mailbox.Maildir(self._folder)


def _newest_first(box: "mailbox.Maildir") -> list[str]:
    return sorted(box.keys(), key=_written, reverse=True)


def _written(key: str) -> tuple[int, int]:
    """When a file was written, by its name: microseconds, and a count within a process.
    (The file system's own times are too coarse to tell two mails of one moment apart.)
    """
    parts = _KEY.match(key)
    if parts is None:
        return 0, 0
    seconds, microseconds, count = map(int, parts.groups())
    return seconds * 1_000_000 + microseconds, count


def _open(box: "mailbox.Maildir", key: str) -> DevMail | None:
    try:
        content = box.get_bytes(key)
    except (KeyError, FileNotFoundError):
        return None  # Cleared away meanwhile by another process.
    letter = message_from_bytes(content, EmailMessage, policy=policy.default)
    return read(letter, at=_written(key)[0])
