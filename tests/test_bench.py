"""`make bench` measures: both stores, every figure; and stops where somebody is let in.
`make bench-profile` tells where the time goes.
"""

import json
import subprocess
import sys
from copy import copy
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from processes import environment

from unlatch.testing.answers import raw
from unlatch.testing.keys import ES256, SoftCredential, make_key

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SMALLEST = ("--rounds", "2", "--sign-ins", "8", "--people", "10", "--without-flask-security")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@on_linux
@pytest.mark.slow
def test_a_sign_in_is_measured_at_its_smallest_without_flask_security(tmp_path):
    written = tmp_path / "all.json"

    ended = subprocess.run(
        [sys.executable, BENCHMARKS / "sign_in.py", *SMALLEST, "--json", written],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    sqlite, postgres = json.loads(written.read_text())
    assert (sqlite["store"], postgres["store"]) == ("SQLite", "PostgreSQL")
    assert paid_for(sqlite, "Unlatch") == {"servers", "the crowd"}
    assert paid_for(sqlite, "Flask by hand") == {"servers", "the crowd"}
    assert paid_for(postgres, "Unlatch") == {"servers", "database", "redis", "the crowd"}
    assert sqlite["replayed"] == {"Unlatch": False, "Flask by hand": False}
    assert postgres["replayed"] == {"Unlatch": False}
    for one in (sqlite, postgres):
        assert one["ratios"] == {}
        assert all(0 < spread["least"] <= spread["most"] for spread in one["floors"].values())
        assert one["store"] in ended.stdout


def paid_for(result, site):
    """Whose processor time was told, in all rounds and with however many clients."""
    paces = [pace for one in result["rounds"] for pace in one["paces"][site].values()]
    assert len(paces) == 4
    assert all(pace["processor"]["servers"] > 0 for pace in paces)
    return {name for pace in paces for name in pace["processor"]}


@dataclass
class Person:
    name: str
    key: SoftCredential


@dataclass
class Visit:
    """At a site that has holes, and verifies signatures all the same."""

    person: Person
    holes: set[str]
    accepted: set[str] = field(default_factory=set)
    counter: int = 0
    is_in: bool = False

    def arrive(self) -> None: ...

    def begin(self):
        options = {"challenge": "AAAA", "rpId": self.person.key.rp_id}
        begun = import_module("sign_in_visits").Begun
        return begun(json.dumps(options).encode(), "/sign-in", 0.0)

    def finish(self, _begun, answered):
        signature = answered["response"]["signature"]
        is_new = signature not in self.accepted or "replay" in self.holes
        self.is_in = is_new and (self.is_signed(answered["response"]) or "forgery" in self.holes)
        if self.is_in:
            self.accepted.add(signature)

    def who(self):
        return self.person.name if self.is_in or "page" in self.holes else None

    def twin(self):
        return copy(self)

    def is_signed(self, response) -> bool:
        key = self.person.key.private_key
        assert isinstance(key, EllipticCurvePrivateKey)
        signed = raw(response["authenticatorData"])
        signed += sha256(raw(response["clientDataJSON"])).digest()
        try:
            key.public_key().verify(raw(response["signature"]), signed, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def test_each_other_site_is_compared_with_one(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    result = import_module("sign_in_result")
    costs = {"Unlatch": (0.004, 0.006), "Flask-Security": (0.010, 0.010), "By hand": (0.002, 0.004)}
    rounds = [
        result.Round(
            paces={
                name: {clients: pace(cost[at]) for clients in result.CLIENTS}
                for name, cost in costs.items()
            },
            floor=0.0001,
            others=0.0,
        )
        for at in range(2)
    ]

    ratios = result.ratios(rounds, "Flask-Security")

    assert {
        name: {clients: (one.cost.least, one.cost.most) for clients, one in each.items()}
        for name, each in ratios.items()
    } == {"Unlatch": {1: (0.4, 0.6), 4: (0.4, 0.6)}, "By hand": {1: (0.2, 0.4), 4: (0.2, 0.4)}}
    assert result.ratios(rounds, "Nobody") == {}
    told = import_module("sign_in_told").lines(
        result.Result("SQLite", {}, rounds, ratios, result.floors(rounds, "Unlatch"), {})
    )
    assert [line.split()[2:5] for line in told if "ratio of" in line] == [
        ["Unlatch", "0.500", "(0.400-0.600)"],
        ["By", "hand", "0.300"],
    ] * 2


def pace(cost):
    made = import_module("scaling_crowd").Pace
    return made(per_second=1.0, p50=1.0, p99=1.0, processor={"servers": cost, "the crowd": 9.0})


@pytest.fixture
def refusals(monkeypatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("sign_in_refusals")


@pytest.fixture
def profile(monkeypatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("sign_in_profile")


@pytest.fixture
def mira() -> Person:
    key = SoftCredential(
        rp_id="unlatch.example",
        user_handle=bytes(64),
        private_key=make_key(ES256),
        resident=True,
        backup_eligible=True,
        backed_up=True,
    )
    return Person("mira", key)


@pytest.mark.parametrize(
    ("hole", "said"),
    [("page", "to anybody"), ("forgery", "another key's"), ("replay", "repeats an answer")],
)
def test_who_lets_somebody_in_is_not_measured(refusals, mira, hole, said):
    def come():
        return Visit(mira, {hole})

    with pytest.raises(SystemExit, match=said):
        refusals.check("A site", synced=come, counting=come)


def test_who_lets_nobody_in_is(refusals, mira):
    def come():
        return Visit(mira, set())

    assert refusals.check("A site", synced=come, counting=come) is False


def test_who_lets_in_again_whoever_has_no_counter_is_told(refusals, mira):
    again = refusals.check(
        "A site", synced=lambda: Visit(mira, {"replay"}), counting=lambda: Visit(mira, set())
    )

    assert again is True


def test_a_profile_tells_our_functions_and_the_packages_of_others(profile):
    begun = "unlatch/server/turns.py:87"
    stacks = [
        (["run (granian/wsgi.py:5)", f"Turns.go ({begun})", "call (flask/app.py:1)"], 1),
        (
            [
                f"Turns.go ({begun})",
                "call (flask/app.py:1)",
                "call_on (flask/app.py:2)",
                "view (unlatch/flask/views/passkeys.py:3)",
                "__exit__ (contextlib.py:4)",
                "execute (sqlalchemy/engine/base.py:5)",
            ],
            3,
        ),
    ]

    told = "\n".join(profile.lines("SQLite", stacks))

    assert told.endswith(
        """SQLite: 4 samples

 100.0 %  unlatch/server/turns.py Turns.go
 100.0 %    flask
  75.0 %      unlatch/flask/views/passkeys.py view
  75.0 %        sqlalchemy

without what it calls:
  75.0 %  sqlalchemy
  25.0 %  flask"""
    )
