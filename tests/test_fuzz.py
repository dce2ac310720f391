"""`make fuzz` finds what breaks a property, says how, and remembers it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLANTED = """
from hypothesis import given, strategies as st

@given(st.text("abcd", max_size=6))
def test_no_text_says_bad(text):
    assert "bad" not in text

@given(st.integers())
def test_every_number_is_itself(number):
    assert number == number
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def fuzz(tmp_path):
    """`fuzz(…)`: a process of it, on a folder of properties of which one does not hold."""
    folder = tmp_path / "properties"
    folder.mkdir()
    (folder / "test_planted.py").write_text(PLANTED)
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, ROOT / "scripts/fuzz.py", "--corpus", tmp_path / "corpus"]
        process = subprocess.Popen(
            [*command, *arguments, folder], stdout=subprocess.PIPE, text=True, cwd=tmp_path
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_what_breaks_is_told_and_kept(fuzz, tmp_path):
    process = fuzz("-k", "says_bad")
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "1 property;" in said
    assert "text='bad'" in said, "the smallest there is"
    assert "BROKEN: planted.no_text_says_bad" in said
    assert [one for one in (tmp_path / "corpus").rglob("*") if one.is_file()]


def test_what_did_not_raise_is_broken_too(fuzz, tmp_path):
    """In a turn that would be over before the smallest example is found."""
    (tmp_path / "properties/test_planted.py").write_text("""
import time
import pytest
from hypothesis import given, strategies as st

@given(st.integers())
def test_what_is_forged_is_refused(number):
    if number > 1000:
        time.sleep(0.2)
        with pytest.raises(ValueError):
            pass

@given(st.integers())
def test_every_number_is_itself(number):
    assert number == number
""")
    process = fuzz("--seconds", "2")
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "number=1001" in said
    assert "BROKEN: planted.what_is_forged_is_refused" in said
    assert "examples of" in said


def test_what_was_found_is_tried_first_the_next_time(fuzz):
    fuzz("-k", "says_bad").communicate(timeout=60)

    said, _ = fuzz("-k", "says_bad").communicate(timeout=60)

    (told,) = [line for line in said.splitlines() if line.startswith("round 1:")]
    assert int(told.split()[2]) < 10, "it was not looked for again"


def test_it_ends_by_itself(fuzz):
    process = fuzz("-k", "every_number", "--seconds", "1")
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "All of them held." in said


def test_a_short_time_is_shared_among_all(fuzz, tmp_path):
    """However slow the first is."""
    slow = PLANTED.replace('assert "bad" not in text', "import time; time.sleep(0.3)")
    (tmp_path / "properties/test_planted.py").write_text(slow)

    said, _ = fuzz("--seconds", "5").communicate(timeout=60)

    assert "planted.every_number_is_itself" in said
    assert "examples of 2 properties." in said


def test_ctrl_c_ends_it_with_a_summary(fuzz):
    process = fuzz("-k", "every_number")
    assert process.stdout is not None
    assert any("round 1:" in line for line in process.stdout)

    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "All of them held." in said
    assert "Traceback" not in said


@pytest.mark.parametrize("breaks", [False, True])
def test_ctrl_c_comes_at_any_moment(fuzz, tmp_path, breaks):
    """Also where an exception would be swallowed; and what it broke is made small all the same."""
    (tmp_path / "properties/test_planted.py").write_text(f"""
import contextlib, signal
from hypothesis import given, strategies as st

@given(st.integers())
def test_every_number_is_small(number):
    if number > 1000:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_DFL:
            with contextlib.suppress(BaseException):
                signal.raise_signal(signal.SIGINT)
        assert not {breaks}
""")
    process = fuzz()
    said, _ = process.communicate(timeout=60)

    assert process.returncode == breaks
    assert ("number=1001" in said) is breaks
    assert "examples of 1 property." in said
