"""PostgreSQL keeps every promise, plain and behind a pooler."""

import traceback

import pytest
from sqlalchemy import literal, select

from unlatch.core.times import SECOND
from unlatch.errors import StoreError
from unlatch.flask.state import now
from unlatch.stores import open_database, open_stores
from unlatch.stores.sql.postgresql_deadline import Deadline
from unlatch.testing.store_contract import StoreContract
from unlatch.testing.store_contract.making import an_account

pytestmark = pytest.mark.slow

EMPTIED = (
    "DELETE FROM unlatch_accounts; DELETE FROM unlatch_mails; DELETE FROM unlatch_ceremonies; "
    "DELETE FROM unlatch_events; "
    "DELETE FROM unlatch_meta WHERE name NOT IN ('decoy_secret', 'min_code')"
)


@pytest.fixture(scope="session")
def shared(postgres):
    """One database for all promises: to make one for each takes longer than to empty it."""
    return postgres.fresh()


class TestPostgresql(StoreContract):
    @pytest.fixture
    def stores(self, patient_postgres, shared):
        stores = open_stores(patient_postgres.url(shared))
        yield stores
        stores.close()
        patient_postgres.tell(EMPTIED, shared)


class TestBehindPgbouncer(StoreContract):
    @pytest.fixture
    def stores(self, patient_postgres, pgbouncer, shared):
        stores = open_stores(patient_postgres.url(shared, pgbouncer.port), pooler=True)
        yield stores
        stores.close()
        patient_postgres.tell(EMPTIED, shared)


def test_it_tells_its_time(patient_postgres, shared):
    database = open_database(patient_postgres.url(shared))

    told = database.clock()

    assert told is not None
    assert abs(told - now()) < 60 * SECOND
    database.close()


def test_a_select_has_one_deadline_from_its_connection_to_its_answer(
    patient_postgres, shared, monkeypatch
):
    database = open_database(patient_postgres.url(shared))
    begun: list[float] = []

    class Watched(Deadline):
        def _from(self) -> float:
            begun.append(super()._from())
            return begun[-1]

    monkeypatch.setattr(database, "_deadline", Watched())

    assert database.first(select(literal(7))) == (7,)

    assert len(begun) > 1
    assert len(set(begun)) == 1
    database.close()


def test_what_is_refused_is_not_quoted(patient_postgres):
    """PostgreSQL itself quotes the whole row; and what nobody expects goes into the log."""
    name = patient_postgres.fresh()
    stores = open_stores(patient_postgres.url(name))
    odd = "ALTER TABLE unlatch_accounts ADD CONSTRAINT odd CHECK (address_key IS NULL)"
    patient_postgres.tell(odd, name)

    with pytest.raises(StoreError) as refused, stores.unit() as unit:
        unit.accounts.add(an_account("Mira"), stale_before=0)
    stores.close()

    shown = "".join(traceback.format_exception(refused.value))
    assert 'violates check constraint "odd"' in shown
    assert "@example.com" not in shown
