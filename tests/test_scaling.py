"""`make bench-scaling` measures: every table, every statement, every way to serve."""

import subprocess
import sys
from pathlib import Path

import pytest
from processes import environment

from unlatch.stores.sql.tables import metadata

ROOT = Path(__file__).parent.parent
SMALLEST = (
    *("--accounts", "200", "--asked", "50", "--people", "30"),
    *("--seconds", "0.1", "--rounds", "1"),
)


@pytest.mark.slow
def test_the_benchmark_of_a_growing_site_works_at_its_smallest():
    ended = subprocess.run(
        [sys.executable, ROOT / "benchmarks/scaling.py", *SMALLEST],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    begins = [line.partition("  ")[0] for line in ended.stdout.splitlines()]
    assert {name for name in metadata.tables if name != "unlatch_meta"} <= set(begins)
    assert {"a session's select", "a sign-in's statements"} <= set(begins)
    for served in ("SQLite", "PostgreSQL, 1 workers", "PostgreSQL, 2 workers"):
        assert {f"{served}: sign-ins", f"{served}: sessions"} <= set(begins), ended.stdout
