"""Upgrades of PostgreSQL lose nothing, run once however many ask, and never by themselves."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tables import all_are_there, counts, fill_every_table

from unlatch.errors import SchemaBehind, StoreError
from unlatch.stores import open_database, open_stores
from unlatch.stores.sql import schema
from unlatch.stores.sql.postgresql import PostgresqlDatabase
from unlatch.stores.sql.schema import State
from unlatch.stores.sql.tables import metadata

pytestmark = pytest.mark.slow

TEN_UPGRADE = """
import os, sys
import alembic.command
from unlatch.stores import open_database

database = open_database(sys.argv[1])
starting, started = os.pipe()
for _ in range(10):
    if os.fork() == 0:
        os.close(started)
        os.read(starting, 1)  # until all are there
        database.upgrade()
        os._exit(database.check().value != "fits")
os.close(started)
print([os.wait()[1] for _ in range(10)])
"""


def upgraded_to(revision, url):
    database = PostgresqlDatabase(url, patient=True)
    database._wait_and_upgrade(revision)
    return database


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
        database = upgraded_to(revision, postgres.url(postgres.empty()))
        before = fill_every_table(database.engine)

        database.upgrade()

        all_are_there(before, counts(database.engine))
        database.close()


def test_of_ten_processes_that_upgrade_at_once_one_does(database, url):
    command = [sys.executable, "-c", TEN_UPGRADE, url]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert (ended.stdout, ended.stderr) == (f"{[0] * 10}\n", "")
    assert database.check() is State.FITS


def test_it_is_never_upgraded_by_itself(database, url):
    stores = open_stores(url, upgrade_itself=True)

    with pytest.raises(SchemaBehind, match="unlatch db upgrade"):
        stores.accounts.find("nobody")

    assert database.check() is State.EMPTY
    stores.close()


def test_an_upgrade_that_fails_changes_nothing(database, url, monkeypatch):
    upgraded_to("0001", url).close()

    def migrate(connection, target):
        connection.exec_driver_sql("CREATE TABLE unlatch_half (x int)")
        connection.exec_driver_sql("DROP TABLE nowhere")

    monkeypatch.setattr(schema, "migrate", migrate)
    with pytest.raises(StoreError):
        database.upgrade()

    assert "unlatch_half" not in counts(database.engine)
    assert database.check() is State.BEHIND


def test_one_that_a_newer_version_has_upgraded_is_left_alone(database):
    """Also where a moment ago, when it was looked at, it had not been."""
    database.upgrade()
    with database.engine.connect() as connection:
        connection.exec_driver_sql(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")

    for least, state in ((b"0004", State.EXPANDED), (b"9999", State.AHEAD)):
        with database.engine.connect() as connection:
            connection.exec_driver_sql(
                "UPDATE unlatch_meta SET value = %s WHERE name = 'min_code'", (least,)
            )

        database.upgrade()

        assert database.check() is state
