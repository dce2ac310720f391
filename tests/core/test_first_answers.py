"""What msgspec parses, read for the first time in a process by several threads at once."""

import subprocess
import sys

import pytest

AT_ONCE = """
import sys
import threading

sys.setswitchinterval(1e-6)
together, done = threading.Barrier(16), []

def one():
    together.wait()
    done.append(read())

threads = [threading.Thread(target=one) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(done) == 16 and None not in done
"""
ANSWER = """
from unlatch.core.answer import Answer
from unlatch.core.secrets import to_base64url

said = b'{"type": "webauthn.get", "challenge": "AAAA", "origin": "https://example.com"}'
answer = {"clientDataJSON": to_base64url(said)}
credential = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": answer}

def read():
    return Answer.read(credential)
"""
BINDING = """
from unlatch.core.binding import new_binding, open_sealed, seal
from unlatch.core.keys import Keys

keys = Keys([b"k" * 32])
sealed = seal(new_binding(), keys)

def read():
    return open_sealed(sealed, keys, now=0)
"""


@pytest.mark.slow
@pytest.mark.parametrize("reading", [ANSWER, BINDING], ids=["answer", "binding"])
def test_no_process_crashes(reading):
    """What parses it was made by the first of them, and a segmentation fault where two did."""
    for _ in range(5):
        command = [sys.executable, "-c", reading + AT_ONCE]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
