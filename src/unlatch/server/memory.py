"""What slow hashing borrows of the machine's memory is given back."""

import ctypes
import sys

_M_MMAP_THRESHOLD = -3
_LARGE = 1024 * 1024
"""Bytes. A hash of Argon2 takes 19 MiB."""


def give_large_blocks_back() -> None:
    """Have glibc take each large block from the machine by itself, and give it back when it is
    freed. Left to its own rule it would, once the first was freed, take the next from what it
    keeps for each thread, and keep that: 19 MiB for every thread that ever hashed.

    For this process and those that it forks. Other C libraries know no such rule, or always do so.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
