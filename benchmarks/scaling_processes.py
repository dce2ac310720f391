"""What processes, and all that they started, use of the machine. (Linux.)"""

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Processor:
    """What some processes, and all that they started, have used of it.

    Args:
        roots: Their ids, by what they are called.
    """

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = roots

    def seconds(self) -> dict[str, float]:
        ended: dict[int, float] = {}
        children = defaultdict(list)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended, and its parent tells
            process = int(stat.parent.name)
            children[int(fields[1])].append(process)
            ended[process] = sum(map(int, fields[13:15])) / _TICKS  # children of its own
        return {
            name: sum(ended.get(one, 0) + _own(one) for one in _below(root, children))
            for name, root in self._roots.items()
        }


def _own(process: int) -> float:
    """By its clock, which the kernel names by its id (clock_getcpuclockid(3)): exact, where the
    ticks of /proc are a hundredth of a second, as long as ten sign-ins.
    """
    with suppress(OSError):  # it has just ended, and its parent tells
        return time.clock_gettime(~process << 3 | 2)
    return 0.0


def _below(root: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    yield root
    for child in children.get(root, ()):
        yield from _below(child, children)


def thread_seconds(process: int) -> dict[int, float]:
    """What each of its threads has used of a processor, by the thread's id."""
    stats = Path(f"/proc/{process}/task").glob("*/stat")
    fields = {int(one.parent.name): one.read_text().rpartition(")")[2].split() for one in stats}
    return {thread: sum(map(int, of[11:13])) / _TICKS for thread, of in fields.items()}


def started_by(root: int) -> list[int]:
    """The ids of those that it started itself and that have not ended."""
    children = Path(f"/proc/{root}/task/{root}/children")
    return [int(one) for one in children.read_text().split()]


def busy_seconds() -> float:
    """What everybody on this machine has used of all processors, since it began."""
    fields = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _idle, _waiting, hard, soft, _stolen = fields
    return (user + nice + system + hard + soft) / _TICKS
