"""What processes, and all that they started, use of the machine. (Linux.)"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
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
        used: dict[int, int] = {}
        children = defaultdict(list)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended, and its parent tells
            process = int(stat.parent.name)
            children[int(fields[1])].append(process)
            used[process] = sum(map(int, fields[11:15]))  # its own, and that of ended children
        return {
            name: sum(used.get(one, 0) for one in _below(root, children)) / _TICKS
            for name, root in self._roots.items()
        }


def _below(root: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    yield root
    for child in children.get(root, ()):
        yield from _below(child, children)


def started_by(root: int) -> list[int]:
    """The ids of those that it started itself and that have not ended."""
    children = Path(f"/proc/{root}/task/{root}/children")
    return [int(one) for one in children.read_text().split()]


def busy_seconds() -> float:
    """What everybody on this machine has used of all processors, since it began."""
    fields = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _idle, _waiting, hard, soft, _stolen = fields
    return (user + nice + system + hard + soft) / _TICKS
