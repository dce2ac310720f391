"""Migrations lose nothing, run once however many ask, and keep a copy first."""

import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, text
from tables import all_are_there, counts, fill_every_table

from unlatch.core.decoys import KEPT_AS
from unlatch.errors import SchemaBehind, StoreError
from unlatch.stores import open_database, open_stores
from unlatch.stores.sql import schema, sqlite
from unlatch.stores.sql.schema import State
from unlatch.stores.sql.tables import metadata
from unlatch.testing.store_contract.making import (
    IDLE,
    NOW,
    a_mail,
    a_passkey,
    a_session,
    an_account,
    kept,
)

SCRIPTS = schema._SCRIPTS

LOOK = """
import sys
import alembic.command
from unlatch.stores import open_stores

stores = open_stores(sys.argv[1], upgrade_itself=True)
sys.stdin.read()
print(stores.accounts.find("nobody"))
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "unlatch.sqlite3"


@pytest.fixture
def engine(path):
    """Of an empty file, set up as ours are."""
    path.touch()
    database = open_database(f"sqlite:///{path}")
    yield database.engine
    database.close()


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Makes a new release: a call adds one more revision, with the body given for it."""
    scripts = tmp_path / "migrations"
    shutil.copytree(schema._SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(schema, "_SCRIPTS", scripts)

    def add(body="pass"):
        before, after = schema.HEAD, f"{int(schema.HEAD) + 1:04}"
        (scripts / f"versions/r{after}_made_up.py").write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n\n"
            f"revision = {after!r}\ndown_revision = {before!r}\n\n\n"
            f"def upgrade() -> None:\n    {body}\n"
        )
        monkeypatch.setattr(schema, "HEAD", after)

    return add


def _default(path):
    """The store of a file that is nobody's but ours."""
    return open_stores(f"sqlite:///{path}", upgrade_itself=True)


def _of_somebody(path):
    return open_stores(f"sqlite:///{path}")


def _use(stores):
    try:
        return stores.accounts.find("account-ada")
    finally:
        stores.close()


def test_the_newest_revision_is_the_one_the_code_wants():
    assert schema.revisions()[-1] == schema.HEAD


def test_migrations_make_the_tables_that_the_code_knows(engine):
    """Compared by Alembic, and word by word by what SQLite keeps of them."""
    sqlite.upgrade(engine)

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE}
        )
        assert compare_metadata(context, metadata) == []
        assert _as_kept(connection) == _as_kept_of_metadata()


def test_an_upgrade_from_every_revision_keeps_every_row(tmp_path):
    for revision in schema.revisions():
        path = tmp_path / f"{revision}.sqlite3"
        path.touch()
        database = open_database(f"sqlite:///{path}")
        sqlite.upgrade(database.engine, revision)
        before = fill_every_table(database.engine)

        database.upgrade()

        all_are_there(before, counts(database.engine))
        database.close()


def test_the_secret_of_decoys_is_made_once_and_for_each_database(tmp_path, release):
    """Also by the upgrade of one that had none; and no later one makes it anew."""
    (tmp_path / "old").touch()
    old = open_database(f"sqlite:///{tmp_path / 'old'}")
    sqlite.upgrade(old.engine, "0001")
    old.upgrade()
    paths = [tmp_path / "old", tmp_path / "new"]
    made = [_secret(path) for path in paths]

    release()

    assert [_secret(path) for path in paths] == made
    assert made[0] != made[1]
    old.close()


def test_a_batch_that_recreates_accounts_deletes_no_passkey(path, release):
    """With foreign keys on, dropping the old table takes all that points to it along."""
    _use(_default(path))
    ada = an_account()
    stores = _default(path)
    kept(stores, ada, a_passkey(ada), a_session(ada), a_mail(ada))
    stores.close()
    release(
        'with op.batch_alter_table("unlatch_accounts", recreate="always") as batch:\n'
        '        batch.add_column(sa.Column("colour", sa.Text))'
    )

    upgraded = _default(path)

    assert upgraded.passkeys.of(ada.id) == [a_passkey(ada)]
    assert upgraded.sessions.of(ada.id, now=NOW, idle=IDLE) == [a_session(ada)]
    assert upgraded.mails.claim(now=NOW, lease=1)
    with upgraded.database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(colour) FROM unlatch_accounts")).scalar() == 0
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    upgraded.close()


def test_the_trap_is_real(engine):
    """What that test guards against does happen where foreign keys are left on."""
    sqlite.upgrade(engine)
    fill_every_table(engine)

    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("unlatch_accounts", recreate="always"):
            pass
        connection.commit()

    assert counts(engine)["unlatch_passkeys"] == 0


def test_an_upgrade_that_would_leave_orphans_is_not_done(path, release):
    stores = _default(path)
    ada = an_account()
    kept(stores, ada, a_passkey(ada))
    stores.close()
    before = schema.HEAD
    release("op.execute('DELETE FROM unlatch_accounts')")

    with pytest.raises(StoreError, match="unlatch_passkeys would be orphans"):
        _use(_default(path))

    assert _revision(path) == before
    assert _rows(path, "unlatch_accounts") == 1


def test_an_upgrade_that_fails_changes_nothing(path, release):
    _use(_default(path))
    before = schema.HEAD
    release("op.add_column('unlatch_accounts', sa.Column('x', sa.Text)); op.drop_table('nowhere')")

    for _ in range(2):
        with pytest.raises(StoreError):
            _use(_default(path))

    assert _revision(path) == before
    with sqlite3.connect(path) as connection:
        assert "x" not in [
            row[1] for row in connection.execute("PRAGMA table_info(unlatch_accounts)")
        ]


def test_tables_of_a_host_are_left_alone(path):
    """Even where their own references are broken."""
    with sqlite3.connect(path) as host:
        host.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        host.execute("CREATE TABLE child (parent INTEGER REFERENCES parent)")
        host.execute("INSERT INTO child VALUES (7)")
        host.execute("CREATE TABLE alembic_version (version_num TEXT)")
        host.execute("INSERT INTO alembic_version VALUES ('theirs')")
    host.close()

    open_database(f"sqlite:///{path}").upgrade()

    assert _revision(path) == schema.HEAD
    assert _rows(path, "child") == _rows(path, "alembic_version") == 1


@pytest.mark.slow
def test_ten_threads_and_two_processes_open_a_fresh_file_at_once(path):
    command = [sys.executable, "-c", LOOK, f"sqlite:///{path}"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]

    with ThreadPoolExecutor(10) as threads:
        here = [threads.submit(_register, path, f"thread {n}") for n in range(10)]
        elsewhere = [process.communicate(b"go", timeout=300)[0] for process in processes]

    assert [one.result() for one in here] == [True] * 10
    assert elsewhere == [b"None\n"] * 2
    assert _rows(path, "unlatch_accounts") == 10
    assert not path.with_name("unlatch.sqlite3.backups").exists()


def test_ten_threads_share_one_fresh_store(path):
    stores = _default(path)
    with ThreadPoolExecutor(10) as threads:
        found = list(threads.map(stores.accounts.find, ["nobody"] * 10))

    assert found == [None] * 10
    stores.close()


def test_a_copy_is_kept_before_an_upgrade_and_the_last_three_stay(path, release):
    ada, first = an_account(), schema.HEAD
    stores = _default(path)
    kept(stores, ada, a_passkey(ada))
    stores.close()
    seen = []
    for _ in range(5):
        release()
        assert _use(_default(path)) == ada
        seen.append(_copies(path)[-1].name)

    assert [one.name for one in _copies(path)] == seen[-3:]
    made = [f"{int(first) + number:04}" for number in range(6)]
    assert [_revision(one) for one in _copies(path)] == made[2:5]
    assert _revision(path) == made[5]


def test_a_copy_opens_and_holds_the_rows(path, tmp_path, release):
    """Those too that only the write-ahead log holds yet."""
    stores = _default(path)
    ada = an_account()
    kept(stores, ada, a_passkey(ada))
    release()
    _use(_default(path))

    (copy,) = _copies(path)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert [one.name for one in copy.parent.iterdir()] == [copy.name]

    restored = tmp_path / "restored.sqlite3"
    shutil.copy(copy, restored)
    again = _default(restored)
    assert again.accounts.find(ada.id) == ada
    assert again.passkeys.of(ada.id) == [a_passkey(ada)]
    again.close()
    stores.close()


def test_a_backup_by_hand_is_a_whole_database(path, tmp_path):
    stores = _default(path)
    kept(stores, an_account())
    target = tmp_path / "copy.sqlite3"

    with stores.unit() as unit:  # somebody is writing
        unit.accounts.add(an_account("Bob"), stale_before=0)
        stores.database.backup(target)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert _rows(target, "unlatch_accounts") == 1
    with pytest.raises(StoreError, match="cannot be used"):  # never over another
        stores.database.backup(target)
    assert _rows(target, "unlatch_accounts") == 1
    stores.close()


def test_there_is_no_backup_of_nothing(path, tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        open_database(f"sqlite:///{path}").backup(tmp_path / "copy.sqlite3")

    assert list(tmp_path.iterdir()) == []


def test_a_database_of_somebody_else_is_never_upgraded_by_itself(path, release):
    _use(_default(path))
    before = schema.HEAD
    release()
    stores = _of_somebody(path)

    for _ in range(2):
        with pytest.raises(SchemaBehind, match="`flask unlatch db upgrade`"):
            stores.accounts.find("nobody")
        with pytest.raises(SchemaBehind), stores.unit():
            pass
    assert _revision(path) == before

    open_database(f"sqlite:///{path}").upgrade()  # the operator's command

    assert _use(stores) is None  # no restart needed
    assert len(_copies(path)) == 1


@pytest.mark.parametrize("opened", [_default, _of_somebody])
@pytest.mark.parametrize("needed", [b"9000", None], ids=["newer", "untold"])
def test_a_database_that_needs_newer_code_is_left_alone(path, opened, needed):
    _use(_default(path))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE unlatch_alembic_version SET version_num = '9999'")
        connection.execute("DELETE FROM unlatch_meta WHERE name = 'min_code'")
        if needed:
            connection.execute("INSERT INTO unlatch_meta VALUES ('min_code', ?)", [needed])
    connection.close()

    with pytest.raises(StoreError, match="newer Unlatch") as raised:
        _use(opened(path))

    assert not isinstance(raised.value, SchemaBehind)
    assert _revision(path) == "9999"


@pytest.mark.parametrize("opened", [_default, _of_somebody])
def test_older_code_goes_on_where_a_newer_version_only_added(path, opened, release, monkeypatch):
    """Half-way through a rolling upgrade, and after one that was taken back."""
    old = schema.HEAD
    release('op.add_column("unlatch_accounts", sa.Column("colour", sa.Text))')
    _use(_default(path))
    new = schema.HEAD
    monkeypatch.setattr(schema, "HEAD", old)
    monkeypatch.setattr(schema, "_SCRIPTS", SCRIPTS)

    stores = opened(path)
    ada = an_account()
    kept(stores, ada, a_passkey(ada))

    assert stores.accounts.find(ada.id) == ada
    assert stores.database.check() is State.EXPANDED
    stores.close()
    assert _revision(path) == new


def test_the_states_of_a_database(path, release):
    database = open_database(f"sqlite:///{path}")
    assert database.check() is State.EMPTY
    assert not path.exists()

    database.upgrade()
    assert database.check() is State.FITS

    release()
    assert database.check() is State.BEHIND

    database.upgrade()
    database.upgrade()  # asked twice, done once
    assert database.check() is State.FITS
    assert len(_copies(path)) == 1
    database.close()


def _register(path, username):
    stores = _default(path)
    account = an_account(username)
    kept(stores, account)
    found = stores.accounts.find(account.id) == account
    stores.close()
    return found


def _secret(path):
    stores = _default(path)
    try:
        return stores.meta.get(KEPT_AS)
    finally:
        stores.close()


def _as_kept(connection):
    made = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE name LIKE '%unlatch_%' AND sql NOT NULL")
    )
    return {
        name: _parts(" ".join(sql.split()))
        for name, sql in made
        if schema.VERSION_TABLE not in name
    }


def _parts(sql):
    """What it is, and its columns and constraints; a column that came later stands last."""
    made, _, rest = sql.partition("(")
    columns, _, after = rest.rpartition(")")
    inside_brackets = r"(?![^()]*\))"
    return [made, *sorted(part.strip() for part in re.split("," + inside_brackets, columns)), after]


def _as_kept_of_metadata():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        kept_sql = _as_kept(connection)
    engine.dispose()
    return kept_sql


def _copies(path):
    return sorted(path.with_name(f"{path.name}.backups").glob("*"))


def _revision(path):
    return _scalar(path, "SELECT version_num FROM unlatch_alembic_version")


def _rows(path, table):
    return _scalar(path, f"SELECT count(*) FROM {table}")


def _scalar(path, query):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchone()[0]
    finally:
        connection.close()
