"""What hashing takes is given back."""

import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

HASH_ON_MANY_THREADS = """
from pathlib import Path
from threading import Barrier, Thread

from argon2.low_level import Type, hash_secret_raw

from unlatch.server.app import create_app

create_app({"UNLATCH_DEVELOPMENT": "1"})
MIB, THREADS = 1024 * 1024, 8
together = Barrier(THREADS)

def resident():
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in one]
    return int(line.split()[1]) // 1024

def hash_thrice():
    for _ in range(3):
        hash_secret_raw(b"secret", b"salt" * 4, 1, 19 * 1024, 1, 32, Type.ID)
    together.wait()  # all are here at once, each with what the allocator keeps for it

before = resident()
threads = [Thread(target=hash_thrice) for _ in range(THREADS)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print(resident() - before)
"""


def test_many_threads_that_hash_leave_nothing_behind(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", HASH_ON_MANY_THREADS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(ended.stdout) < 19, "MiB: one hash takes that"
