"""`make bench-endurance` measures: every step, every process."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import PATIENCE, environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
SCRIPT = Path(__file__).parent.parent / "benchmarks/endurance.py"
STEPS = {"options", "sign-in", "page", "sign-out", "all of these"}
BY_MAIL = {"ask for mail", "mail"}  # and its code, where a busy machine sends it in time


@pytest.fixture
def running(tmp_path):
    """An hour of it, of which each sample is told on its way; and what it writes in the end."""
    written = tmp_path / "all.json"
    options = ("--rate", "5", "--people", "20", "--every", "0.5", "--json", str(written))
    process = subprocess.Popen(
        [sys.executable, SCRIPT, *options],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process, written
    if process.poll() is None:
        process.terminate()  # its servers would run on without it
        process.communicate(timeout=2 * PATIENCE)


def test_an_hour_of_load_is_cut_short_by_ctrl_c_and_tells_what_there_is_so_far(running):
    process, written = running
    said = []
    for line in process.stderr:  # one a sample
        said.append(line)
        if len(said) >= 3 and " 0 answered" not in line:
            break
    started = descendants(process.pid)

    process.send_signal(signal.SIGINT)
    out, more = process.communicate(timeout=2 * PATIENCE)

    assert process.returncode == 0, "".join(said) + more
    result = json.loads(written.read_text())
    assert set(result["asked"]) - {"code"} == STEPS | BY_MAIL, out
    asked = [result["asked"][step] for step in STEPS]
    assert {one["refused"] + one["failed"] for one in asked} == {0}, out
    assert result["due"] < 5 * 3600
    last = result["samples"][-1]
    assert set(last["processes"]) == {"main", "worker 1", "worker 2", "database", "redis"}
    assert all(min(use.values()) > 0 for use in last["processes"].values())
    assert {"servers", "database", "redis", "the crowd", "others"} == set(result["processor"])
    begins = {line[:14].strip() for line in out.splitlines()}
    assert STEPS | set(last["processes"]) <= begins, out
    assert started
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def descendants(pid: int) -> list[int]:
    """All that it started, and that these did."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # a database's process, say, whose connection has just ended
        return []
    return [one for child in map(int, children) for one in (child, *descendants(child))]
