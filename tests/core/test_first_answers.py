"""The first answers of a process, read by several threads at once."""

import subprocess
import sys

import pytest

READ_AT_ONCE = """
import sys, threading
from unlatch.core.answer import Answer
from unlatch.core.secrets import to_base64url

sys.setswitchinterval(1e-6)
said = b'{"type": "webauthn.get", "challenge": "AAAA", "origin": "https://example.com"}'
body = {"id": "AAAA", "rawId": "AAAA", "type": "public-key",
        "response": {"clientDataJSON": to_base64url(said)}}
together, read = threading.Barrier(16), []
def one():
    together.wait()
    read.append(Answer.read(body))
threads = [threading.Thread(target=one) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(read) == 16
"""


@pytest.mark.slow
def test_they_crash_no_process():
    """What parses them was made by the first of them, and a segmentation fault where two did."""
    for _ in range(5):
        ended = subprocess.run(
            [sys.executable, "-c", READ_AT_ONCE], capture_output=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
