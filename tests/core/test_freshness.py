"""Freshness: what a session may do, by how and how lately it was proved."""

from dataclasses import replace

import pytest

from unlatch.core.freshness import FRESH, Freshness, is_fresh, require_fresh
from unlatch.core.kinds import Method
from unlatch.core.policy import Change, Demand, Policy
from unlatch.core.records import LiveSession
from unlatch.core.times import DAY, MINUTE, SECOND
from unlatch.errors import NotFresh

EMAIL, PASSKEY, REGISTRATION = Method.EMAIL, Method.PASSKEY, Method.REGISTRATION
TAKING_AWAY = (Change.REMOVE_PASSKEY, Change.CHANGE_ADDRESS)

to_take_away = pytest.mark.parametrize("change", TAKING_AWAY)


class Lax(Policy):
    """Demands less than the rules, everywhere."""

    probation = 0

    def to_add_passkey(self, account):
        return Demand(max_age=10_000)

    to_remove_passkey = to_change_address = to_add_passkey


class Strict(Policy):
    """Demands more than the rules, everywhere."""

    probation = 7 * 24 * 60 * 60

    def to_add_passkey(self, account):
        return Demand(max_age=60, by_passkey=True)

    to_remove_passkey = to_change_address = to_add_passkey


@pytest.fixture(params=[Policy, Lax], ids=["the rules", "a host's that demands less"])
def rules(request):
    return Freshness(request.param())


@pytest.fixture
def live(account, session):
    """`live(**changes)`: a session of the account's."""
    return lambda **changes: LiveSession(session=session(**changes), account=account)


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (FRESH, True), (FRESH + 1, False)])
def test_a_proof_is_fresh_for_five_minutes(session, now, age, fresh):
    assert FRESH == 5 * MINUTE == Demand().max_age * SECOND
    assert is_fresh(session(proved_at=now - age), now=now) is fresh


@pytest.mark.parametrize(("age", "fresh"), [(60 * SECOND, True), (60 * SECOND + 1, False)])
def test_a_host_s_view_may_want_it_fresher(session, now, age, fresh):
    assert is_fresh(session(proved_at=now - age), now=now, max_age=60 * SECOND) is fresh


@pytest.mark.parametrize("method", Method)
def test_any_fresh_proof_will_do_for_a_host_s_view(session, now, method):
    require_fresh(session(proof_method=method), now=now)
    with pytest.raises(NotFresh):
        require_fresh(session(proof_method=method, proved_at=now - FRESH - 1), now=now)


@pytest.mark.parametrize("method", Method)
def test_any_fresh_proof_will_do_to_add(rules, live, passkey, now, method):
    rules.require(live(proof_method=method), [passkey("old")], Change.ADD_PASSKEY, now=now)
    stale = live(proof_method=method, proved_at=now - FRESH - 1)
    with pytest.raises(NotFresh):
        rules.require(stale, [passkey("old")], Change.ADD_PASSKEY, now=now)


@pytest.mark.parametrize(
    ("added_on", "age", "good"),
    [
        (PASSKEY, 0, True),
        (REGISTRATION, 0, True),
        (EMAIL, 0, False),
        (EMAIL, DAY - 1, False),
        (EMAIL, DAY, True),
    ],
)
def test_a_passkey_added_on_a_mails_proof_is_on_probation_for_a_day(
    rules, passkey, now, added_on, age, good
):
    assert rules.serves(passkey(added_on=added_on, added_at=now - age), now=now) is good


@to_take_away
def test_to_take_away_a_passkey_that_serves_is_the_one_way(rules, account, passkey, now, change):
    old, young = passkey("old"), passkey("young", added_on=EMAIL)

    ways = rules.ways_to_prove(account, [old, young], change, now=now)

    assert (ways.passkeys, ways.email) == ((old,), False)


@pytest.mark.parametrize("change", [Change.ADD_PASSKEY, None])
def test_to_add_and_for_a_host_everything_is_a_way(rules, account, passkey, now, change):
    old, young = passkey("old"), passkey("young", added_on=EMAIL)

    ways = rules.ways_to_prove(account, [old, young], change, now=now)

    assert (ways.passkeys, ways.email) == ((old, young), True)


@pytest.mark.parametrize("change", [*Change, None])
@pytest.mark.parametrize("policy", [Policy, Strict])
def test_without_a_passkey_that_serves_mail_is_a_way_to_everything(
    account, passkey, now, change, policy
):
    rules, young = Freshness(policy()), passkey("young", added_on=EMAIL)

    assert rules.ways_to_prove(account, [], change, now=now).email
    assert rules.ways_to_prove(account, [young], change, now=now).email


@to_take_away
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
def test_taking_away_wants_a_passkey_that_serves(rules, live, passkey, now, change, proof, good):
    """Or to have registered just now: nobody was there before."""
    passkeys = [passkey("old"), passkey("young", added_on=EMAIL)]

    if good:
        rules.require(live(**proof), passkeys, change, now=now)
    else:
        with pytest.raises(NotFresh):
            rules.require(live(**proof), passkeys, change, now=now)


@to_take_away
@pytest.mark.parametrize("method", Method)
def test_taking_away_wants_it_fresh(rules, live, passkey, now, change, method):
    stale = live(proof_method=method, proof_passkey_id="old", proved_at=now - FRESH - 1)

    with pytest.raises(NotFresh):
        rules.require(stale, [passkey("old")], change, now=now)


@to_take_away
def test_where_no_passkey_serves_a_mails_proof_takes_away(rules, live, passkey, now, change):
    by_mail = live(proof_method=EMAIL, proof_passkey_id=None)

    rules.require(by_mail, [], change, now=now)
    rules.require(by_mail, [passkey("young", added_on=EMAIL)], change, now=now)


@pytest.mark.parametrize(
    ("proof", "counts_as"),
    [
        ({"proof_method": EMAIL, "proof_passkey_id": None}, EMAIL),
        ({"proof_method": REGISTRATION, "proof_passkey_id": None}, REGISTRATION),
        ({"proof_passkey_id": "old"}, PASSKEY),
        ({"proof_passkey_id": "young"}, EMAIL),
        ({"proof_passkey_id": "removed meanwhile"}, EMAIL),
    ],
)
def test_a_passkey_on_probation_vouches_for_no_other(
    rules, session, passkey, now, proof, counts_as
):
    passkeys = [passkey("old"), passkey("young", added_on=EMAIL)]

    assert rules.added_on(session(**proof), passkeys, now=now) is counts_as


# --- A host that demands more


@pytest.mark.parametrize("change", Change)
def test_a_host_may_demand_a_younger_proof(live, passkey, now, change):
    rules, passkeys = Freshness(Strict()), [passkey("key")]
    rules.require(live(proved_at=now - MINUTE), passkeys, change, now=now)

    with pytest.raises(NotFresh):
        rules.require(live(proved_at=now - MINUTE - 1), passkeys, change, now=now)


def test_a_host_may_demand_a_passkey_for_adding(live, passkey, now):
    rules = Freshness(Strict())
    by_mail = live(proof_method=EMAIL, proof_passkey_id=None)
    rules.require(by_mail, [], Change.ADD_PASSKEY, now=now)

    with pytest.raises(NotFresh):
        rules.require(by_mail, [passkey("key")], Change.ADD_PASSKEY, now=now)


def test_a_host_may_demand_a_longer_probation(passkey, now):
    rules, young = Freshness(Strict()), passkey(added_on=EMAIL, added_at=now - 7 * DAY)

    assert rules.serves(young, now=now)
    assert not rules.serves(replace(young, added_at=now - 7 * DAY + 1), now=now)


def test_a_host_may_demand_by_whose_account_it_is(live, account, passkey, now):
    class ForOne(Policy):
        def to_add_passkey(self, account):
            return Demand(by_passkey=account.username == "root")

    rules, passkeys = Freshness(ForOne()), [passkey("key")]
    of_root = replace(account, username="root")

    assert rules.ways_to_prove(account, passkeys, Change.ADD_PASSKEY, now=now).email
    assert not rules.ways_to_prove(of_root, passkeys, Change.ADD_PASSKEY, now=now).email
