"""Making a server spend before it has looked: rubbish that reaches Argon2 is its own flood, and
a try that is not counted before it is checked is no limit.
"""

from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from strangers import wrong_passkey

from unlatch.core import slow_hash
from unlatch.errors import TooBusy

LINK, CODE = "/auth/sign-in/email/link", "/auth/sign-in/email/code"


@pytest.fixture
def steps(app, monkeypatch):
    """What was done, in its order."""
    gate = app.extensions["unlatch"].gate
    done = []

    def watch(owner, name):
        real = getattr(owner, name)

        def noted(*args, **more):
            done.append(name)
            return real(*args, **more)

        monkeypatch.setattr(owner, name, noted)

    @contextmanager
    def noted_slot():
        done.append("slot")
        with real_slot():
            yield

    real_slot = gate.mailed._slow_hash.slot
    monkeypatch.setattr(gate.mailed._slow_hash, "slot", noted_slot)
    watch(gate.keys, "mac_fits")
    watch(gate.limits._throttle, "take")
    watch(gate.stores.mails, "spend_try")
    watch(gate.mailed._slow_hash, "fits")
    watch(gate.stores, "unit")
    return done


@pytest.fixture
def asked(mira, visitor, outbox):
    """A stranger's browser that waits for a mail to Mira."""
    mira.sign_out()
    visitor.ask_mail(mira.email)
    return visitor


def test_a_code_goes_limit_slot_try_hash_transaction(asked, outbox, steps):
    assert asked.type_code(outbox.code).status_code == 303

    assert steps == ["take", "slot", "spend_try", "fits", "unit"]


def test_a_link_goes_mac_limit_slot_try_hash_transaction(asked, outbox, steps):
    asked.open_link(outbox.link)
    steps.clear()

    assert asked.form(LINK).status_code == 303

    assert steps == ["mac_fits", "take", "slot", "spend_try", "fits", "unit"]


@pytest.mark.parametrize("code", ["", "AAAA", "A" * 60_000, "IIII-0000"])
def test_what_can_be_no_code_costs_nothing(asked, steps, code):
    assert asked.type_code(code).status_code == 422
    assert steps == []


@pytest.mark.parametrize("bend", [lambda t: t[:-1], lambda t: t + "A", lambda t: t * 600])
def test_a_damaged_token_dies_before_the_store(asked, outbox, steps, bend):
    token = parse_qs(urlsplit(outbox.link).query)["token"][0]

    assert asked.get(f"{LINK}?token={bend(token)}").status_code in (401, 414)

    assert set(steps) <= {"mac_fits"}


def test_a_wrong_mac_dies_before_the_store(asked, outbox, steps):
    token = parse_qs(urlsplit(outbox.link).query)["token"][0]
    first = "A" if token[0] != "A" else "B"

    assert asked.get(f"{LINK}?token={first}{token[1:]}").status_code == 401

    assert steps == ["mac_fits"]


def test_past_the_limit_nothing_is_spent(asked, outbox, steps):
    for _ in range(30):
        wrong_passkey(asked)
    steps.clear()

    assert asked.json(CODE, {"code": outbox.code}).json["error"] == "too_many"

    assert steps == ["take"]


def test_who_finds_no_slot_has_spent_nothing(asked, outbox, app, monkeypatch):
    """Of many at once the last are turned away, with their tries and their failures left."""
    mailed = app.extensions["unlatch"].gate.mailed

    @contextmanager
    def full():
        raise TooBusy(retry_after=5)
        yield

    with monkeypatch.context() as busy:
        busy.setattr(mailed._slow_hash, "slot", full)
        turned_away = [asked.json(CODE, {"code": "AAAA-AAAA"}) for _ in range(40)]

    assert {(one.status_code, one.json["error"]) for one in turned_away} == {(429, "too_busy")}
    assert asked.type_code(outbox.code).status_code == 303


def test_slots_are_few():
    """Slow hashing takes one core or two, whatever comes."""
    assert (slow_hash.RUNNING, slow_hash.WAITING) == (2, 8)
