"""A worker is forked while a thread of the main process runs beside it."""

import os
import subprocess
import sys

import pytest

RUN = """
import socket, sys, threading
from unlatch.server import listening, serving

ready = threading.Event()
place = listening.find_place("localhost", None)

def fork(server, config):
    known = set(sys.modules)
    # In the place of the worker, so that the thread does all it ever does.
    with socket.create_server((place.address, place.port)) as worker:
        worker.settimeout(20)
        worker.accept()
        ready.wait()
        if place.twin:
            visitor = socket.create_connection(place.twin.getsockname()[:2])
            worker.accept()
    print(sorted(set(sys.modules) - known))
    return True

serving._run = fork
serving.serve({}, place, ready.set)
"""


@pytest.mark.slow
def test_what_runs_beside_the_fork_imports_nothing():
    """What a thread is importing at the fork stays half imported in the worker for ever: every
    request would then be answered with 500, as long as the worker lives.
    """
    path = os.pathsep.join(sys.path)

    ran = subprocess.run(
        [sys.executable, "-c", RUN],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (ran.stdout, ran.stderr) == ("[]\n", "")
