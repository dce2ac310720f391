"""Freshness: what a session may do, by how and how lately it was proved."""

import pytest

from unlatch.core.freshness import (
    FRESH,
    PROBATION,
    is_fresh,
    require_fresh,
    require_fresh_to_take_away,
    serves,
    ways_to_prove,
)
from unlatch.core.records import Method
from unlatch.core.times import MINUTE, SECOND
from unlatch.errors import NotFresh

EMAIL, PASSKEY, REGISTRATION = Method.EMAIL, Method.PASSKEY, Method.REGISTRATION


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (FRESH, True), (FRESH + 1, False)])
def test_a_proof_is_fresh_for_five_minutes(session, now, age, fresh):
    assert FRESH == 5 * MINUTE
    assert is_fresh(session(proved_at=now - age), now=now) is fresh


@pytest.mark.parametrize(("age", "fresh"), [(60 * SECOND, True), (60 * SECOND + 1, False)])
def test_a_host_may_want_it_fresher(session, now, age, fresh):
    assert is_fresh(session(proved_at=now - age), now=now, max_age=60 * SECOND) is fresh


@pytest.mark.parametrize("method", Method)
def test_any_fresh_proof_will_do_to_add(session, now, method):
    require_fresh(session(proof_method=method), now=now)
    with pytest.raises(NotFresh):
        require_fresh(session(proof_method=method, proved_at=now - FRESH - 1), now=now)


@pytest.mark.parametrize(
    ("added_on", "age", "good"),
    [
        (PASSKEY, 0, True),
        (REGISTRATION, 0, True),
        (EMAIL, 0, False),
        (EMAIL, PROBATION - 1, False),
        (EMAIL, PROBATION, True),
    ],
)
def test_a_passkey_added_on_a_mails_proof_is_on_probation_for_a_day(
    passkey, now, added_on, age, good
):
    assert serves(passkey(added_on=added_on, added_at=now - age), now=now) is good


def test_to_take_away_a_passkey_that_serves_is_the_one_way(passkey, now):
    old, young = passkey("old"), passkey("young", added_on=EMAIL)

    ways = ways_to_prove([old, young], to_take_away=True, now=now)

    assert (ways.passkeys, ways.email) == ((old,), False)


def test_to_add_everything_is_a_way(passkey, now):
    old, young = passkey("old"), passkey("young", added_on=EMAIL)

    ways = ways_to_prove([old, young], to_take_away=False, now=now)

    assert (ways.passkeys, ways.email) == ((old, young), True)


@pytest.mark.parametrize("to_take_away", [False, True])
def test_without_a_passkey_that_serves_mail_is_a_way_to_everything(passkey, now, to_take_away):
    young = passkey("young", added_on=EMAIL)

    assert ways_to_prove([], to_take_away=to_take_away, now=now).email
    assert ways_to_prove([young], to_take_away=to_take_away, now=now).email


@pytest.mark.parametrize(
    ("proof", "good"),
    [
        ({"proof_method": PASSKEY, "proof_passkey_id": "old"}, True),
        ({"proof_method": PASSKEY, "proof_passkey_id": "young"}, False),
        ({"proof_method": PASSKEY, "proof_passkey_id": "somebody else's"}, False),
        ({"proof_method": PASSKEY, "proof_passkey_id": None}, False),
        ({"proof_method": EMAIL, "proof_passkey_id": None}, False),
        ({"proof_method": REGISTRATION, "proof_passkey_id": None}, True),
    ],
)
def test_taking_away_wants_a_passkey_that_serves(session, passkey, now, proof, good):
    """Or to have registered just now: nobody was there before."""
    passkeys = [passkey("old"), passkey("young", added_on=EMAIL)]
    proved = session(**proof)

    if good:
        require_fresh_to_take_away(proved, passkeys, now=now)
    else:
        with pytest.raises(NotFresh):
            require_fresh_to_take_away(proved, passkeys, now=now)


@pytest.mark.parametrize("method", Method)
def test_taking_away_wants_it_fresh(session, passkey, now, method):
    stale = session(proof_method=method, proof_passkey_id="old", proved_at=now - FRESH - 1)

    with pytest.raises(NotFresh):
        require_fresh_to_take_away(stale, [passkey("old")], now=now)


def test_where_no_passkey_serves_a_mails_proof_takes_away(session, passkey, now):
    by_mail = session(proof_method=EMAIL, proof_passkey_id=None)

    require_fresh_to_take_away(by_mail, [], now=now)
    require_fresh_to_take_away(by_mail, [passkey("young", added_on=EMAIL)], now=now)
