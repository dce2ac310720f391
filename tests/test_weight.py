"""`make bench-weight` weighs: memory, starts, imports, and what valgrind counted."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from processes import environment

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def weight(monkeypatch):
    """`weight("page")`: the benchmark's module of that name."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return lambda part: import_module(f"weight_{part}")


@on_linux
@pytest.mark.slow
def test_a_site_is_weighed_at_its_smallest(tmp_path):
    written = tmp_path / "all.json"
    smallest = ("--sign-ins", "8", "--imports", "1", "--json", str(written))

    ended = subprocess.run(
        [sys.executable, str(BENCHMARKS / "weight.py"), "--only", "memory", "import", *smallest],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    told = json.loads(written.read_text())
    assert [one["sign_ins"] for one in told["memory"]["held"]] == [0, 8]
    assert all(one["memory"] > one["own"] > 0 for one in told["memory"]["held"])
    assert told["import"]["heavy"] == []
    assert told["import"]["seconds"].keys() == {"unlatch", "flask"}
    assert "after 8 sign-ins" in ended.stdout
    assert "import unlatch" in ended.stdout


@pytest.mark.slow
def test_what_valgrind_counts_runs_without_it():
    """An honest sign-in that is refused would end it."""
    command = [sys.executable, str(BENCHMARKS / "weight_counted.py"), "client", "1"]

    assert subprocess.run(command, env=environment()).returncode == 0


def test_without_valgrind_nobody_waits_for_all_the_rest_first(monkeypatch, capsys):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr(sys, "argv", ["weight.py"])
    monkeypatch.setenv("PATH", "")

    with pytest.raises(SystemExit, match="valgrind, which is not on this machine: install it"):
        import_module("weight").main()

    assert capsys.readouterr() == ("", "")


def test_what_a_run_does_once_and_the_client_are_no_part_of_a_sign_in(weight):
    once, sign_in, client, floor = 9_000_000_000, 8_000_000, 2_000_000, 800_000
    each = {"sign-in": sign_in + client, "client": client, "floor": floor}
    counted = {(what, many): once + many * one for what, one in each.items() for many in (20, 70)}

    found = weight("instructions").Instructions.of(counted)

    assert (found.sign_in, found.client, found.floor) == (sign_in, client, floor)
    assert "8,000   = 10.0 raw verifications" in "\n".join(weight("told").lines(found))


def test_what_grew_is_told_from_the_first_that_signed_in(weight):
    held = weight("memory").Held
    memory = weight("memory").Memory([held(0, 90, 80), held(1000, 100, 90), held(9000, 103, 92)])

    *_, grown = weight("told").lines(memory)

    assert grown.split()[-2:] == ["+3.0", "+2.0"]


def test_starts_are_told_in_milliseconds(weight):
    spread = import_module("sign_in_result").Spread
    starts = weight("start").Starts(spread(1.2, 1.1, 1.5), spread(1.0, 0.9, 1.3))

    *_, new, again = weight("told").lines(starts)

    assert (new.split()[-2:], again.split()[-2:]) == (
        ["1200", "(1100-1500)"],
        ["1000", "(900-1300)"],
    )


def test_a_visit_is_told_with_all_that_came_over_the_wire(weight):
    loaded = weight("page").Loaded
    style = loaded("/auth/static/style.css", headers=600, sent=4000, plain=20_000, gzipped=4000)
    page = loaded("/auth/sign-in", headers=900, sent=4400, plain=4400, gzipped=1800)

    told = list(weight("told").lines(weight("page").Visits([page, style], [page])))

    assert told[3].split() == ["first", "visit:", "2", "requests", "8400", "5800", "24400", "1500"]
    assert told[5].split() == ["second", "visit:", "1", "requests", "4400", "1800", "4400", "900"]
