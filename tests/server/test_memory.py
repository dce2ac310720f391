"""What hashing takes is given back, and what is loaded is no garbage to look through."""

import subprocess
import sys
from pathlib import Path

import pytest
from processes import PATIENCE

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


LOAD_A_WORKER = """
import gc, os, sys, time, weakref

from unlatch.server.worker import load

class Garbage:
    def __init__(self):
        self.itself = self

gc.disable()  # nobody else collects it
garbage = weakref.ref(Garbage())
load({"UNLATCH_DEVELOPMENT": "1"}, os.getppid(), None)
while not gc.get_freeze_count():
    time.sleep(0.01)
print("webauthn" in sys.modules and "sqlalchemy" in sys.modules, garbage() is None)
"""


def test_many_threads_that_hash_leave_nothing_behind(tmp_path):
    assert int(said_by(HASH_ON_MANY_THREADS, tmp_path)) < 19, "MiB: one hash takes that"


def test_what_a_worker_has_loaded_is_left_alone_by_the_collector(tmp_path):
    """And what was garbage by then is gone: nobody would come to collect it."""
    assert said_by(LOAD_A_WORKER, tmp_path) == "True True\n"


def said_by(program: str, folder: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    ).stdout
