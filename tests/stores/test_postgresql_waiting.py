"""Who waits for an account's row in PostgreSQL: for those who have it, and for nobody who waits for
it himself.
"""

from functools import partial
from os import urandom

import psycopg
import pytest
from redis_servers import eventually

from unlatch.core.records import Event
from unlatch.errors import CeremonyGone
from unlatch.stores import open_stores
from unlatch.testing.store_contract.making import (
    BINDING,
    NOW,
    a_mail,
    a_passkey,
    a_session,
    a_use,
    an_account,
    kept,
)
from unlatch.threads import on_a_thread

pytestmark = pytest.mark.slow

ADA = an_account(confirmed_at=NOW)
PASSKEY = a_passkey(ADA)
MAIL = a_mail(ADA)
SOON = 3.0
"""Seconds after which one has waited in vain: the database gives up after one."""

ASKS_FOR_A_MAIL = "SELECT 1 FROM unlatch_accounts FOR KEY SHARE"  # for what points to it
TRIES_A_CODE = "UPDATE unlatch_accounts SET code_failures = code_failures + 1"
USES_THE_PASSKEY = "UPDATE unlatch_passkeys SET last_used_at = 5"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def url(postgres):
    return postgres.url(postgres.fresh())


@pytest.fixture
def stores(url):
    stores = open_stores(url)
    kept(stores, ADA, PASSKEY, MAIL)
    yield stores
    stores.close()


@pytest.fixture
def somebody(url):
    with psycopg.connect(url) as connection:
        yield connection


@pytest.fixture
def somebody_else(url):
    with psycopg.connect(url) as connection:
        yield connection


@pytest.fixture
def many_wait(url):
    """Until so many do."""
    with psycopg.connect(url, autocommit=True) as looking:
        yield lambda many: eventually(lambda: looking.execute(WAITING).fetchone() == (many,))


def sign_in(stores, name):
    session = a_session(ADA, name)
    event = Event(account_id=ADA.id, kind="signed_in", at=NOW)
    with stores.unit() as unit:
        return unit.admit(a_use(PASSKEY), session, event)


def step_up(stores):
    with stores.unit() as unit:
        unit.ceremonies.spend(urandom(24))
        unit.passkeys.record_use(a_use(PASSKEY), now=NOW)


def try_a_code(stores):
    stores.mails.spend_try(
        MAIL.id, purpose=MAIL.purpose, binding_hash=BINDING, limit=9, now=NOW, by_code=True
    )


@pytest.mark.parametrize("passkey_is_used", [False, True])
@pytest.mark.parametrize("first", [partial(sign_in, name="owner's"), step_up])
@pytest.mark.parametrize("second", [partial(sign_in, name="another"), step_up, try_a_code])
def test_two_who_wait_for_the_same_get_it_one_after_the_other(
    stores, somebody, somebody_else, many_wait, first, second, passkey_is_used
):
    """And do not wait for each other, though its row is by then another than the one they found.
    Who asks for mails, and tries codes, would so keep the owner from signing in.
    """
    somebody_else.execute(ASKS_FOR_A_MAIL)
    if passkey_is_used:
        somebody.execute(USES_THE_PASSKEY)
    somebody.execute(TRIES_A_CODE)
    owner = on_a_thread(lambda: first(stores))
    many_wait(1)
    other = on_a_thread(lambda: second(stores))
    many_wait(2)

    somebody.commit()

    owner.result(SOON)
    other.result(SOON)


def test_an_old_answer_does_not_wait_for_the_account(stores, somebody):
    with stores.unit() as unit:
        unit.ceremonies.spend(a_session(ADA, "owner's").ceremony_id)
    somebody.execute(TRIES_A_CODE)

    again = on_a_thread(lambda: sign_in(stores, "owner's"))

    with pytest.raises(CeremonyGone):
        again.result(SOON)


def test_of_many_who_wait_each_is_told_of_those_before(stores, somebody, many_wait):
    """Else none would end a session of those that are too many."""
    somebody.execute(TRIES_A_CODE)
    waiting = [on_a_thread(partial(sign_in, stores, f"{number}")) for number in range(6)]
    many_wait(6)

    somebody.commit()

    assert sorted(one.result(SOON) for one in waiting) == list(range(6))
