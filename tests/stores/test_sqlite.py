"""SQLite keeps every promise, in few statements, and in files of its owner's alone."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql
from watched_sql import watched

from unlatch.core.records import Event
from unlatch.errors import SchemaBehind, SettingsError, StoreError
from unlatch.stores import open_database, open_stores
from unlatch.stores.sql import accounts, ceremonies, mails, meta, passkeys, sessions
from unlatch.stores.sql.schema import State
from unlatch.testing.store_contract import StoreContract
from unlatch.testing.store_contract.making import (
    IDLE,
    NOW,
    a_mail,
    a_passkey,
    a_session,
    a_use,
    an_account,
    kept,
)

SPEND_MARKS = """
import sys
from contextlib import suppress
from unlatch.errors import CeremonyGone
from unlatch.stores import open_stores

stores = open_stores(sys.argv[1], upgrade_itself=True)
won = 0
for number in range(50):
    with suppress(CeremonyGone), stores.unit() as unit:
        unit.ceremonies.spend(number.to_bytes(8, "big"))
        won += 1
print(won)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "instance" / "unlatch.sqlite3"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    path = tmp_path_factory.mktemp("migrated") / "unlatch.sqlite3"
    database = open_database(f"sqlite:///{path}")
    database.upgrade()
    database.backup(path.with_name("copy"))
    database.close()
    return path.with_name("copy")


@pytest.fixture
def stores(path):
    stores = open_stores(f"sqlite:///{path}", upgrade_itself=True)
    yield stores
    stores.close()


@pytest.fixture
def said(stores):
    """All that SQLite itself is told from now on, on connections that are already open too."""
    statements: list[str] = []
    stores.accounts.find("nobody")
    stores.close()
    event.listen(
        stores.database.engine,
        "connect",
        lambda connection, _: connection.set_trace_callback(statements.append),
    )
    stores.accounts.find("nobody")
    statements.clear()
    return statements


class TestSqlite(StoreContract):
    @pytest.fixture
    def stores(self, stores, path, migrated):
        """To copy a database takes less time than to make one."""
        path.parent.mkdir(mode=0o700)
        shutil.copy(migrated, path)
        return stores


def test_a_passkey_sign_in_is_one_select_and_four_statements(stores, said):
    ada = an_account()
    passkey = a_passkey(ada)
    kept(stores, ada, passkey)
    said.clear()

    known = stores.passkeys.find(passkey.credential_id, now=NOW)
    with stores.unit() as unit:
        unit.ceremonies.spend(b"mark")
        unit.passkeys.record_use(a_use(known.passkey), now=NOW)
        unit.sessions.add(a_session(ada))
        unit.events.add(Event(account_id=ada.id, kind="signed_in", at=NOW))

    assert [one.split()[0] for one in said] == [
        "SELECT",
        "BEGIN",
        "INSERT",
        "UPDATE",
        "INSERT",
        "INSERT",
        "COMMIT",
    ]


def test_a_request_with_a_session_is_one_select(stores, said):
    ada = an_account()
    session = a_session(ada)
    kept(stores, ada, session)
    said.clear()

    assert stores.sessions.find(session.token_hash, now=NOW, idle=IDLE)

    assert [one.split()[0] for one in said] == ["SELECT"]


def test_every_look_up_goes_by_an_index(stores, said):
    """No statement reads a whole table, however many accounts there are."""
    ada = an_account()
    mail = a_mail(ada)
    said.clear()
    kept(stores, ada, a_passkey(ada), a_session(ada), mail)
    _use_everything(stores, ada, mail)

    with stores.database.engine.connect() as connection:
        plans = {
            statement: [row.detail for row in connection.execute(_explain(statement))]
            for statement in set(said)
            if statement.split()[0] in ("SELECT", "UPDATE", "DELETE")
        }

    assert len(plans) > 20
    scans = {
        statement: plan
        for statement, plan in plans.items()
        if any(step.startswith("SCAN unlatch_") for step in plan)
    }
    assert scans == {}


def test_files_are_for_their_owner_only(stores, path):
    kept(stores, an_account())

    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}

    assert modes == dict.fromkeys(modes, 0o600)
    assert {"unlatch.sqlite3", "unlatch.sqlite3-wal", "unlatch.sqlite3-shm"} <= modes.keys()


def test_connections_are_set_up(stores):
    stores.accounts.find("nobody")
    pragmas = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "secure_delete": 1,
    }

    with stores.database.engine.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in pragmas}

    assert found == pragmas


def test_every_write_is_on_the_disk_before_it_is_said_to_be(stores):
    """Asked of each connection at the moment it writes: a power cut gives nothing back that was
    taken away.
    """
    ada, asked = an_account(), []

    def ask(sql, statement):
        if statement.split()[0] in ("INSERT", "UPDATE", "DELETE"):
            driver = sql.connection.dbapi_connection
            asked.append(driver.execute("PRAGMA synchronous").fetchone()[0])

    kept(stores, ada)
    mail = a_mail(ada)
    with watched(stores.database, ask):
        kept(stores, a_passkey(ada), a_session(ada), mail)
        _use_everything(stores, ada, mail)

    assert len(asked) > 20
    assert set(asked) == {2}  # FULL


def test_nothing_touches_the_disk_before_the_first_use(tmp_path):
    path = tmp_path / "instance" / "unlatch.sqlite3"

    stores = open_stores(f"sqlite:///{path}", upgrade_itself=True)
    open_stores(f"sqlite:///{path}")
    stores.close()

    assert list(tmp_path.iterdir()) == []


def test_a_database_of_somebody_else_is_not_made(path):
    """Looking at one that is not there does not make it, and the sentence names the cure."""
    stores = open_stores(f"sqlite:///{path}")

    with pytest.raises(SchemaBehind, match="`flask unlatch db upgrade`"):
        stores.accounts.find("nobody")
    with pytest.raises(SchemaBehind), stores.unit():
        pass

    assert not path.parent.exists()


def test_a_file_that_is_no_database_is_a_store_error(path):
    path.parent.mkdir()
    path.write_bytes(b"a letter to my aunt, and then some more of it. " * 40)

    with pytest.raises(StoreError) as raised:
        open_stores(f"sqlite:///{path}", upgrade_itself=True).accounts.find("nobody")

    assert raised.value.__cause__ is not None


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path):
    (tmp_path / "instance").write_text("a file where a folder should be")

    with pytest.raises(StoreError, match="cannot be used"):
        open_stores(
            f"sqlite:///{tmp_path}/instance/unlatch.sqlite3", upgrade_itself=True
        ).accounts.find("nobody")


def test_errors_tell_no_values(stores):
    """An address or a hash in an exception would end up in a log."""
    ada = an_account()
    kept(stores, ada)
    with stores.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE unlatch_events"))
        connection.execute(text("DROP TABLE unlatch_accounts"))

    with pytest.raises(StoreError) as raised:
        stores.accounts.by_address("ada@example.com")

    assert "ada@example.com" not in f"{raised.value} {raised.value.__cause__}"


def test_a_transaction_inside_another_is_an_error_and_no_deadlock(stores, monkeypatch):
    monkeypatch.setattr("unlatch.stores.sql.sqlite._TURN_SECONDS", 0.05)

    with stores.unit(), pytest.raises(StoreError, match="waited in vain"):
        stores.sessions.touch(b"token", now=NOW)


def test_another_process_that_writes_is_waited_for(stores, path):
    kept(stores, an_account())
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, other.execute, ["COMMIT"])
    timer.start()

    kept(stores, an_account("Bob"))

    timer.join()
    other.close()
    assert stores.accounts.by_username("bob")


def test_a_forked_child_opens_its_own(stores):
    """Even while another thread of the parent is inside a transaction."""
    ada = an_account()
    kept(stores, ada)
    engine, inside, leave = stores.database.engine, threading.Event(), threading.Event()

    def stay_inside():
        with stores.unit():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=stay_inside)
    thread.start()
    inside.wait()
    assert stores.accounts.find(ada.id) == ada
    (at_hand,) = stores.database._at_hand
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        found = stores.accounts.find(ada.id) == ada
        anew = stores.database.engine is not engine and at_hand not in stores.database._at_hand
        free = stores.database._writer.acquire(timeout=0)
        os.write(writer, repr((found, anew, free)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    leave.set()
    thread.join()

    assert os.read(reader, 100) == b"(True, True, True)"
    assert stores.database.engine is engine
    assert stores.database._at_hand[0] is at_hand


def test_what_was_begun_and_not_committed_stays_with_no_connection(stores, path):
    """Whoever is the next to have it would commit it, or could not begin."""

    def fail_midway():
        with stores.unit() as unit:
            unit.accounts.add(an_account(), stale_before=0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_midway()

    kept(stores, an_account("Bob"))

    assert stores.accounts.by_username("bob")
    assert stores.accounts.by_username("ada") is None
    assert alone_can_write(path)


def alone_can_write(path):
    """Whether nobody else is in the middle of a transaction."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        return connection.in_transaction


def test_a_closed_one_leaves_no_connection(stores, path):
    """SQLite takes the files beside it away when the last is closed."""
    kept(stores, an_account())
    beside = path.with_name(f"{path.name}-wal")
    assert beside.exists()

    stores.close()

    assert not beside.exists()


@pytest.mark.slow
def test_several_processes_share_a_file(path):
    """Each with a lock of its own: between them, SQLite's own decides."""
    command = [sys.executable, "-c", SPEND_MARKS, f"sqlite:///{path}"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]

    won = [int(process.communicate(timeout=300)[0]) for process in processes]

    assert sum(won) == 50


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@db/x", "sqlite://", "sqlite:///", "sqlite:///:memory:", "x"]
)
def test_a_url_without_a_store_is_a_settings_fault(url):
    with pytest.raises(SettingsError, match="UNLATCH_DATABASE_URL") as raised:
        open_stores(url)

    assert "secret" not in str(raised.value)


def test_a_path_is_taken_as_it_stands(tmp_path):
    path = tmp_path / "50% off? yes#1.sqlite3"
    stores = open_stores(f"sqlite:///{path}", upgrade_itself=True)

    kept(stores, an_account())
    stores.close()

    assert path.exists()
    assert open_database(f"sqlite:///{path}").check() is State.FITS


@pytest.mark.parametrize("module", [accounts, ceremonies, mails, meta, passkeys, sessions])
def test_statements_are_written_for_postgresql_too(module):
    """As far as compiling goes; they run there when its store comes."""
    statements = [one for name, one in vars(module).items() if name[0].isupper() and name.isupper()]

    for statement in statements:
        assert str(statement.compile(dialect=postgresql.dialect()))


def _explain(statement):
    return text(f"EXPLAIN QUERY PLAN {statement}".replace(":", r"\:"))


def _use_everything(stores, ada, mail):
    stores.accounts.find(ada.id)
    stores.accounts.by_username("ada")
    stores.accounts.by_address("ada@example.com")
    stores.passkeys.find(b"credential", now=NOW)
    stores.passkeys.of(ada.id)
    stores.passkeys.named(username_key="ada", address_key=None)
    stores.passkeys.named(username_key=None, address_key="ada@example.com")
    stores.sessions.find(b"token", now=NOW, idle=IDLE)
    stores.sessions.of(ada.id, now=NOW, idle=IDLE)
    stores.sessions.touch(b"token", now=NOW)
    stores.events.of(ada.id, limit=5)
    stores.meta.get("name")
    stores.mails.find(mail.id)
    stores.mails.spend_try(
        mail.id,
        purpose=mail.purpose,
        binding_hash=mail.binding_hash,
        limit=5,
        now=NOW,
        by_code=True,
    )
    claimed = stores.mails.claim(now=NOW, lease=5)
    stores.mails.live(ada.id, now=NOW)
    stores.mails.oldest_unsent(now=NOW)
    stores.mails.mint(claimed, link_hash="l", code_hash="c", now=NOW)
    stores.mails.postpone(claimed, until=NOW)
    stores.mails.give_up(claimed)
    stores.mails.hand_over(claimed, now=NOW)
    stores.mails.sweep(expired_before=1, most=5)
    stores.sessions.sweep(expired_before=1, most=5)
    stores.ceremonies.sweep(begun_before=1, most=5)
    stores.events.sweep(before=1, most=5)
    with stores.unit() as unit:
        unit.passkeys.rename(ada.id, "passkey", "name")
        unit.passkeys.record_use(a_use(a_passkey(ada)), now=NOW)
        unit.sessions.require(a_session(ada).token_hash)
        unit.sessions.end_begun_by("passkey", except_token_hash=b"token")
        unit.sessions.end_beyond(ada.id, keep=20)
        unit.sessions.end_one(ada.id, "session")
        unit.sessions.end_all(ada.id)
        unit.passkeys.remove(ada.id, "passkey")
        unit.passkeys.remove_all(ada.id)
        unit.mails.kill_pending(ada.id, now=NOW)
        unit.accounts.confirm(ada.id, now=NOW)
        unit.accounts.forget_display_name(ada.id)
        unit.accounts.disable(ada.id, now=NOW)
