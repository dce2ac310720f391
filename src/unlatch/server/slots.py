"""Where worker processes keep what they count: files of one folder, read together.

Not by the ids of processes: every worker that was ever started would leave files of its own
behind. A worker takes the first slot that nobody holds, and counts on in its files. A lock says
who holds it, which the system takes back however the holder dies.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from itertools import count
from pathlib import Path

from prometheus_client import values

_BEGINNING = "unlatch-metrics-"
_NEW = "unlatch-new-metrics-"
_HELD = "held"


def make_folder() -> Path:
    """A new one, for the lifetime of this process and of those that it starts. Those of servers
    of the same user's that are no more, however they ended, are removed.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_BEGINNING}*"):
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
    # By another name until it is held, or a server that begins now would take it for left over.
    new = Path(tempfile.mkdtemp(prefix=_NEW))
    _hold(new / _HELD)
    return new.rename(new.with_name(_BEGINNING + new.name.removeprefix(_NEW)))


def take_slot(folder: Path) -> int:
    """Have all that this process counts from here on written to the files of a slot."""
    slot = next(number for number in count() if _hold(folder / f"slot-{number}"))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: slot)
    return slot


def _is_left(path: Path) -> bool:
    """A folder of this user's, and no link of somebody's to one, that no server holds any more."""
    try:
        found = path.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
        return ours and _hold(path / _HELD)
    except FileNotFoundError:  # another server that begins was quicker
        return False


def _hold(path: Path) -> bool:
    """Lock a file until this process ends, unless another does."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    return True
