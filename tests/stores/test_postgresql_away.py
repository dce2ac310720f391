"""When PostgreSQL hangs, goes away, or is cut off in the middle of a word: an answer comes soon, it
is none that may be wrong, and all goes on by itself when it is back.
"""

import threading

import pytest
from cable import COMMIT, cable
from processes import free_port
from sqlalchemy import text

from unlatch.errors import CommitUnknown, StoreError
from unlatch.stores import open_database, open_stores
from unlatch.stores.sql import postgresql_deadline
from unlatch.testing.store_contract.making import NOW, a_mail, an_account, at_once, kept
from unlatch.testing.store_contract.outbox import LEASE

pytestmark = pytest.mark.slow

SOON = 4.0
"""Seconds after which a test gives up: twice what is promised, on a busy machine."""


@pytest.fixture
def wire(postgres):
    with cable(postgres.port) as wire:
        yield wire


@pytest.fixture
def stores(postgres, wire):
    stores = open_stores(postgres.url(postgres.fresh(), wire.port))
    stores.accounts.find("nobody")
    yield stores
    wire.release()
    stores.close()


def soon(work):
    """What it raised, if it ended at all."""
    raised = []

    def run():
        try:
            work()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SOON)
    assert not thread.is_alive(), "it waits and waits"
    return raised[0] if raised else None


def test_who_reads_while_it_hangs_is_told_soon(stores, wire):
    wire.press()

    for _ in range(2):  # on a connection that there was, and on a new one
        assert isinstance(soon(lambda: stores.accounts.find("nobody")), StoreError)

    wire.release()
    assert soon(lambda: stores.accounts.find("nobody")) is None


def test_the_first_to_ask_is_told_soon_when_it_hangs_behind_a_pooler(postgres, wire):
    """Which still lets everybody in: SQLAlchemy then asks what server it is, and the others wait
    for that.
    """
    stores = open_stores(postgres.url(postgres.fresh(), wire.port))
    wire.press_before = b"version()"
    told = []

    def ask():
        told.extend(at_once(3, lambda _: stores.accounts.find("nobody")))

    soon(ask)

    assert {type(one) for one in told} == {StoreError}
    stores.close()


def test_who_writes_while_it_hangs_is_told_soon(stores, wire):
    wire.press()

    assert isinstance(soon(lambda: kept(stores, an_account())), StoreError)


def test_who_waits_for_a_row_is_told_soon(stores):
    ada = an_account()
    kept(stores, ada)
    with stores.unit() as holding:
        holding.accounts.disable(ada.id, now=NOW)

        def wait():
            with stores.unit() as unit:
                unit.accounts.disable(ada.id, now=NOW)

        assert isinstance(soon(wait), StoreError)


def test_one_late_answer_costs_one_connection(postgres, monkeypatch):
    """An overloaded server would have to make all of them anew, of every process."""
    database = open_database(postgres.url(postgres.fresh()))

    def two():
        with database.writing() as one, database.writing() as other:
            return {sql.rows(text("SELECT pg_backend_pid()"))[0][0] for sql in (one, other)}

    before = two()
    with monkeypatch.context() as patch:
        patch.setattr(postgresql_deadline, "STATEMENTS_SECONDS", 0.0)
        with pytest.raises(StoreError):
            database.first(text("SELECT pg_sleep(1)"))

    assert len(before & two()) == 1
    database.close()


def test_a_primary_that_is_one_no_more_costs_all_connections(stores):
    """What leads there reads what may be old, and lets somebody in who was signed out."""
    demoted = text("DO $$ BEGIN RAISE EXCEPTION 'read-only' USING ERRCODE = '25006'; END $$")
    process = text("SELECT pg_backend_pid()")
    database = stores.database
    with database.writing() as one, database.writing() as other:
        before = {one.first(process), other.first(process)}

    with pytest.raises(StoreError), database.writing() as sql:
        sql.run(demoted)

    with database.writing() as one, database.writing() as other:
        assert not before & {one.first(process), other.first(process)}


def test_who_goes_on_after_the_connection_is_lost_is_told_again(stores, wire):
    """Whatever was done before is undone, so nothing after it may count."""

    def go_on():
        with stores.unit() as unit:
            unit.ceremonies.spend(b"first")
            wire.cut()
            for mark in (b"second", b"third"):
                with pytest.raises(StoreError):
                    unit.ceremonies.spend(mark)

    with pytest.raises(StoreError, match="nothing was kept"):
        go_on()

    with stores.unit() as unit:
        unit.ceremonies.spend(b"first")


def test_connections_that_died_meanwhile_are_nobodys_trouble(stores, wire):
    """As after a restart of the server: all that lay in the pool are dead."""
    wire.cut()
    assert stores.accounts.find("nobody") is None

    wire.cut()
    kept(stores, an_account())


def test_a_transaction_that_is_cut_in_its_middle_does_not_go_on_elsewhere(stores, wire):
    """On a new connection there is no transaction, and each statement would be for good."""
    ada = an_account()

    def write():
        with stores.unit() as unit:
            unit.ceremonies.spend(b"a mark")
            wire.cut()
            unit.accounts.add(ada, stale_before=NOW)

    with pytest.raises(StoreError):
        write()
    assert stores.accounts.find(ada.id) is None


def test_who_asks_while_nobody_is_there_is_told_and_finds_it_back(stores, wire, postgres):
    wire.to = free_port()
    wire.cut()

    for work in (lambda: stores.accounts.find("nobody"), lambda: kept(stores, an_account())):
        assert isinstance(soon(work), StoreError)

    wire.to = postgres.port
    kept(stores, an_account())


def test_a_commit_that_was_not_heard_is_unknown(stores, wire):
    wire.cut_before = COMMIT
    ada = an_account()

    with pytest.raises(CommitUnknown):
        kept(stores, ada)

    wire.cut_before = None
    assert stores.accounts.find(ada.id) is None


def test_a_commit_whose_answer_was_not_heard_is_unknown(stores, wire):
    wire.cut_after = COMMIT
    ada = an_account()

    with pytest.raises(CommitUnknown):
        kept(stores, ada)

    wire.cut_after = None
    assert stores.accounts.find(ada.id) == ada


def test_a_claim_that_was_not_heard_can_be_released(stores, wire):
    """Nobody has its mail in hand, and until the claim's end nobody else would get it."""
    mail = a_mail(None)
    kept(stores, mail)
    wire.cut_after = COMMIT
    with pytest.raises(CommitUnknown):
        stores.mails.claim(now=NOW, lease=LEASE)
    wire.cut_after = None
    assert stores.mails.claim(now=NOW, lease=LEASE) is None

    assert stores.mails.release(NOW + LEASE)

    claimed = stores.mails.claim(now=NOW, lease=LEASE)
    assert claimed is not None
    assert claimed.id == mail.id


def test_a_commit_that_hangs_is_unknown(stores, wire):
    def write():
        with stores.unit() as unit:
            unit.accounts.add(an_account(), stale_before=0)
            wire.press()

    assert isinstance(soon(write), CommitUnknown)


def test_a_host_that_swallows_all_does_not_hide_the_next(postgres, wire):
    """libpq waits for it longer than anybody else does."""
    wire.press()
    name = postgres.fresh()
    both = postgres.url(name).replace(
        f"127.0.0.1:{postgres.port}", f"127.0.0.1:{wire.port},127.0.0.1:{postgres.port}"
    )
    stores = open_stores(both)

    first, *_, last = [soon(lambda: stores.accounts.find("nobody")) for _ in range(4)]

    assert isinstance(first, StoreError)
    assert last is None
    stores.close()


def test_who_finds_nobody_there_is_told_and_no_password(postgres):
    stores = open_stores("postgresql://unlatch:hush@127.0.0.1:1/x")

    with pytest.raises(StoreError) as raised:
        stores.accounts.find("nobody")

    assert "hush" not in str(raised.value)
