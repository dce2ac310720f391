"""Upgrades of PostgreSQL lose nothing, run once however many ask, and never by themselves."""

import subprocess
import sys
from contextlib import ExitStack

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tables import all_are_there, counts, fill_every_table

from unlatch.errors import SchemaBehind, StoreError
from unlatch.stores import open_database, open_stores
from unlatch.stores.sql import schema
from unlatch.stores.sql.schema import State
from unlatch.stores.sql.tables import metadata

pytestmark = pytest.mark.slow

UPGRADE = """
import sys
from unlatch.stores import open_database

database = open_database(sys.argv[1])
print("here", flush=True)
sys.stdin.read()
database.upgrade()
print(database.check().value)
"""


def process(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def url(postgres):
    return postgres.url(postgres.empty())


@pytest.fixture
def database(url):
    database = open_database(url, patient=True)
    yield database
    database.close()


def test_migrations_make_the_tables_that_the_code_knows(database):
    database.upgrade()

    with database.engine.connect() as connection:
        options = {"version_table": schema.VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_an_upgrade_from_every_revision_keeps_every_row(postgres):
    for revision in schema.revisions():
        database = open_database(postgres.url(postgres.empty()), patient=True)
        database._wait_and_upgrade(revision)
        before = fill_every_table(database.engine)

        database.upgrade()

        all_are_there(before, counts(database.engine))
        database.close()


def test_of_ten_processes_that_upgrade_at_once_one_does(database, url):
    with ExitStack() as running:
        workers = [running.enter_context(process(UPGRADE, url)) for _ in range(10)]
        for worker in workers:
            assert worker.stdout.readline() == "here\n"
        for worker in workers:
            worker.stdin.close()
        said = [worker.stdout.read() for worker in workers]
    ended = [worker.returncode for worker in workers]

    assert said == ["fits\n"] * 10
    assert ended == [0] * 10
    assert database.check() is State.FITS


def test_it_is_never_upgraded_by_itself(database, url):
    stores = open_stores(url, upgrade_itself=True)

    with pytest.raises(SchemaBehind, match="unlatch db upgrade"):
        stores.accounts.find("nobody")

    assert database.check() is State.EMPTY
    stores.close()


def test_an_upgrade_that_fails_changes_nothing(database, monkeypatch):
    database._wait_and_upgrade("0001")

    def migrate(connection, target):
        connection.exec_driver_sql("CREATE TABLE unlatch_half (x int)")
        connection.exec_driver_sql("DROP TABLE nowhere")

    monkeypatch.setattr(schema, "migrate", migrate)
    with pytest.raises(StoreError):
        database.upgrade()

    assert "unlatch_half" not in counts(database.engine)
    assert database.check() is State.BEHIND
