"""What was sealed or signed for one place is shown in another: a link's token as a ceremony, the
cookie that remembers an account as one that opens it.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

import pytest
from flask import Flask
from people import Clock, Person

import unlatch
from unlatch.core import keys
from unlatch.core.keys import Keys
from unlatch.testing import Outbox

SOURCE = Path(unlatch.__file__).parent


@dataclass
class Record:
    """Every use of a key in a running site: for what, by which function, and what came of it."""

    sites: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    sealed: dict[str, str] = field(default_factory=dict)
    signed: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)

    def note(self, kind: str, use: str) -> None:
        frame = sys._getframe(2)
        while frame.f_code.co_name.startswith("<"):  # a comprehension's
            assert frame.f_back is not None
            frame = frame.f_back
        file = Path(frame.f_code.co_filename).relative_to(SOURCE).as_posix()
        self.sites[kind, use].add(f"{file}:{frame.f_code.co_name}")


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Record:
    record, derive, seal, mac = Record(), keys.derive, Keys.seal, Keys.mac

    def noting_derive(key: bytes, label: str) -> bytes:
        record.labels.append(label)
        return derive(key, label)

    def noting_seal(self: Keys, use: str, data: bytes) -> str:
        record.note("seal", use)
        record.sealed[use] = seal(self, use, data)
        return record.sealed[use]

    def noting_mac(self: Keys, use: str, data: bytes) -> bytes:
        record.note("mac", use)
        record.signed[use] = data, mac(self, use, data)
        return record.signed[use][1]

    monkeypatch.setattr(keys, "derive", noting_derive)
    monkeypatch.setattr(Keys, "seal", noting_seal)
    monkeypatch.setattr(Keys, "mac", noting_mac)
    return record


@pytest.fixture
def app(record: Record, start_app: Callable[..., Flask]) -> Flask:
    return start_app()


@pytest.fixture
def lived(app: Flask, mira: Person, outbox: Outbox, clock: Clock) -> Flask:
    """All that is done with a key was done."""
    clock.move(minutes=2)
    mira.form("/auth/account/email/confirm")
    mira.open_link(outbox.link)
    mira.form("/auth/account/email/link")
    mira.sign_out()
    mira.form("/auth/sign-in/switch")
    assert "who=" in mira.form("/auth/sign-in", identifier="mira").location
    mira.ask_mail()
    mira.open_link(outbox.link)
    mira.form("/auth/sign-in/email/link")
    assert mira.method == "email"
    return app


def test_every_use_of_a_key_is_known_and_has_a_label_of_its_own(lived, record):
    """The places in the source where keys are used, and what they were used for in the running
    site: a new one that this test does not walk by is noticed.
    """
    used = [site for sites in record.sites.values() for site in sites]

    assert set(used) == set(uses_in_source())
    assert {use: len(sites) for use, sites in record.sites.items() if len(sites) > 1} == {}
    assert set(record.labels) == {f"{kind}:{use}" for kind, use in record.sites}
    assert len(record.sites) >= 10


def test_what_is_sealed_for_one_use_opens_for_no_other(lived, record):
    keys = lived.extensions["unlatch"].gate.keys

    for use, other in permutations(record.sealed, 2):
        assert keys.open(use, record.sealed[use])
        with pytest.raises(ValueError, match="not sealed here"):
            keys.open(other, record.sealed[use])
    for use, other in permutations(record.signed, 2):
        data, mac = record.signed[use]
        assert keys.mac_fits(use, data, mac)
        assert not keys.mac_fits(other, data, mac)


def uses_in_source() -> list[str]:
    """`file:function` for each call of `seal` or `mac` on keys."""
    return [
        f"{path.relative_to(SOURCE).as_posix()}:{function.name}"
        for path in SOURCE.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("seal", "mac")
        and "keys" in ast.unparse(node.func.value).lower()
    ]
