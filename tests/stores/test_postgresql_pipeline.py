"""How often a transaction goes to PostgreSQL and back: as libpq itself writes it down."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.pq import Trace

from unlatch.core.records import Event
from unlatch.errors import StoreError
from unlatch.stores import open_database
from unlatch.stores.sql.postgresql import PostgresqlDatabase
from unlatch.stores.sql.stores import SqlStores
from unlatch.testing.store_contract.making import (
    NOW,
    a_passkey,
    a_session,
    a_use,
    an_account,
    kept,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def stores(patient_postgres) -> Iterator[SqlStores]:
    stores = SqlStores(open_database(patient_postgres.url(patient_postgres.fresh())))
    assert stores.accounts.find("nobody") is None  # it has looked at the schema
    yield stores
    stores.close()


def test_a_sign_in_writes_in_three_ways_there_and_back(stores, tmp_path):
    """What is waited for, what is written, and COMMIT, which nobody may take for granted before."""
    ada = an_account()
    passkey, session = a_passkey(ada), a_session(ada)
    kept(stores, ada, passkey)
    event = Event(account_id=ada.id, kind="signed_in", at=NOW)

    def sign_in() -> None:
        with stores.unit() as unit:
            unit.admit(a_use(passkey), session, event)

    assert questions(stores, tmp_path, sign_in) == ["BEGIN WITH", "WITH", "COMMIT"]


def test_a_transaction_is_begun_once(stores, tmp_path):
    def two() -> None:
        with stores.unit() as unit:
            unit.ceremonies.spend(b"one mark")
            unit.ceremonies.spend(b"another")

    assert questions(stores, tmp_path, two) == ["BEGIN INSERT", "INSERT", "COMMIT"]


def test_a_transaction_in_which_nothing_is_asked_is_none(stores, tmp_path):
    def nothing() -> None:
        with stores.unit():
            pass

    assert questions(stores, tmp_path, nothing) == []


def test_what_fails_with_its_begin_leaves_the_connection_as_it_was(stores, tmp_path, caplog):
    """And none of the values of a row in the log, which PostgreSQL quotes."""
    database = stores.database
    with database.engine.connect() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE unlatch_accounts ADD CONSTRAINT odd CHECK (username = 'Ada')"
        )

    with pytest.raises(StoreError, match="constraint"):
        kept(stores, an_account("Mira"))
    kept(stores, an_account("Ada"))

    assert "mira" not in caplog.text.casefold()
    assert stores.accounts.by_username("mira") is None
    assert stores.accounts.by_username("ada") is not None


def questions(stores: SqlStores, folder: Path, work: Callable[[], None]) -> list[str]:
    """What is sent before each wait for an answer, by the first words of its statements."""
    database = stores.database
    assert isinstance(database, PostgresqlDatabase)
    log = folder / "protocol"
    with log.open("wb") as file, traced(database, file.fileno()):
        work()
    sent = re.findall(r'^F\t\d+\t(Parse\t "\w*"|Query\t|Sync)(?: "(\w+))?', log.read_text(), re.M)
    asked = [""]
    for kind, word in sent:
        asked[-1] = f"{asked[-1]} {word}".strip()
        if not kind.startswith("Parse"):
            asked.append("")
    return asked[:-1]


@contextmanager
def traced(database: PostgresqlDatabase, file: int) -> Iterator[None]:
    """The pool's only connection."""
    connection = database._take()
    driver = connection.dbapi_connection
    assert driver is not None
    driver.pgconn.trace(file)
    driver.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
    connection.close()
    yield
    driver.pgconn.untrace()
