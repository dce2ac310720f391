"""`make bench-visits` measures what is no sign-in with a passkey, `make bench-accounts` many
accounts.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from postgres import patient_postgres, postgres
from processes import environment

from unlatch.stores import open_stores
from unlatch.testing.keys import cose_key

__all__ = ["patient_postgres", "postgres"]

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SMALLEST = (
    *("--rounds", "1", "--visits", "2", "--people", "20"),
    *("--seconds", "0.3", "--mails", "10", "--store", "sqlite"),
)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)


@pytest.fixture
def measured(tmp_path):
    """Runs a part at its smallest; gives what it wrote and what it said."""

    def run(part):
        written = tmp_path / "all.json"
        how = (*SMALLEST, "--only", part, "--json", written)
        ended = subprocess.run(
            [sys.executable, BENCHMARKS / "visits.py", *how],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        ((name, result),) = json.loads(written.read_text())
        assert name == part
        return result, ended.stdout

    return run


@on_linux
@pytest.mark.slow
def test_each_way_to_come_is_measured(measured):
    ways, said = measured("ways")

    (one,) = ways["rounds"]
    assert set(one) == set(ways["ratios"])
    assert len(one) == 4
    for way, pace in one.items():
        assert pace["processor"]["servers"] > 0
        assert way in said


@on_linux
@pytest.mark.slow
def test_a_page_that_knows_who_asks_is_measured_beside_one_that_does_not(measured):
    session, said = measured("session")

    (one,) = session["rounds"]
    assert set(one) == {"/knowing", "/plain"}
    assert session["ratio"]["median"] > 0
    assert "ratio" in said


@on_linux
@pytest.mark.slow
def test_sign_ins_are_measured_while_mails_are_asked_for(measured):
    mail, said = measured("mail")

    (one,) = mail["rounds"]
    assert one["asked"] == {"200": 3}
    assert one["idle"]["failed"] == one["loaded"]["failed"] == 0
    assert "3 with 200" in said


def test_ratios_are_of_the_same_round():
    ways, session, mail = (import_module(f"visits_{name}") for name in ("ways", "session", "mail"))
    host = import_module("visits_host")

    def pace(cost):
        return import_module("scaling_crowd").Pace(1, 1, 1, {"servers": cost, "the crowd": 7})

    def turn(p99):
        return mail.Turn(p50=1, p99=p99, failed=0, processors=1, thread=1)

    def ends(spread):
        return spread.least, spread.median, spread.most

    costs = [(2, 1), (30, 10), (8, 2)]
    of_ways = ways.ratios([{ways.BY_MAIL: pace(a), ways.PASSKEY: pace(b)} for a, b in costs])
    of_pages = session.ratio([{host.KNOWING: pace(a), host.PLAIN: pace(b)} for a, b in costs])
    of_mail = mail.ratio([mail.Round(turn(b), turn(a), {}, 1, 1) for a, b in costs])

    assert ends(of_ways[ways.PASSKEY]) == (1, 1, 1)
    assert ends(of_ways[ways.BY_MAIL]) == ends(of_pages) == ends(of_mail) == (2, 3, 4)


def test_all_come_who_are_due_whatever_became_of_those_before():
    arrivals = import_module("visits_arrivals")
    came = []

    def visit(_browser, number):
        came.append(number)
        return 200 + number

    found = arrivals.come(1, rate=1000, seconds=0.005, what=visit)

    assert sorted(came) == [0, 1, 2, 3, 4]
    assert [one.status for one in found] == [200, 201, 202, 203, 204]
    assert all(one.seconds > 0 for one in found)


def test_other_people_come_in_each_turn():
    """An account is sent few mails an hour, so it must not be asked for in every round."""
    pace, visits = import_module("sign_in_pace"), import_module("sign_in_visits")
    processes, site = import_module("scaling_processes"), import_module("scaling_site")
    came = []

    @dataclass
    class Visit:
        browser: object
        person: Any

        def arrive(self): ...

        def sign_in(self):
            came.append(self.person.name)
            return 1.0

        def who(self):
            return self.person.name

    names = ("ada", "bo", "cy", "di", "ed", "flo")
    people = [visits.Person(name, key) for name, key in zip(names, site.passkeys(6), strict=True)]
    one = pace.Contestant("A site", "", 1, 1, processes.Processor({}), Visit, "", people)

    for _ in range(2):
        one.measure(3, 1)

    assert came == ["ada", "bo", "cy", "di", "ada", "bo"]


@pytest.mark.slow
def test_whoever_is_among_many_accounts_can_sign_in(patient_postgres):
    accounts = import_module("accounts")
    url = patient_postgres.url(patient_postgres.fresh())

    people = accounts.settle(url, 40, most=30)

    assert len({one.key.id for one in people}) == 30
    stores = open_stores(url)
    for one in people:
        known = stores.passkeys.find(one.key.id, now=0)
        assert known is not None
        assert known.account.username == one.name
        assert known.account.user_handle == one.key.user_handle
        assert known.passkey.public_key == cose_key(one.key.private_key)
    stores.close()


def test_what_node_needs_is_of_exact_versions_and_from_anywhere():
    folder = BENCHMARKS / "beside_node"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]

    for name, version in wanted.items():
        assert lock[f"node_modules/{name}"]["version"] == version
    for name, package in lock.items():
        assert "resolved" not in package
        assert "integrity" in package or name == ""
