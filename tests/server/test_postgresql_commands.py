"""`unlatch db …` where the database is PostgreSQL."""

import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo
from postgres import program_of
from processes import wait_until

from unlatch.server.app import create_app
from unlatch.server.cli import cli
from unlatch.stores import open_stores
from unlatch.testing.store_contract.making import (
    IDLE,
    NOW,
    a_passkey,
    a_session,
    an_account,
    kept,
)

pytestmark = pytest.mark.slow

WAITS_FOR_LONG = (
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    "AND clock_timestamp() - query_start > interval '1.5 s'"
)


@pytest.fixture
def url(postgres):
    return postgres.url(postgres.empty())


@pytest.fixture
def run(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, **more):
        settings = {"UNLATCH_DATABASE_URL": url, "UNLATCH_DEVELOPMENT": "1"} | more
        script = ScriptInfo(create_app=lambda: create_app(settings))
        return CliRunner().invoke(cli, arguments, obj=script, prog_name="unlatch")

    return invoke


def test_it_is_made_copied_and_restored(run, url, patient_postgres, tmp_path):
    assert run("db", "check").exit_code == 1
    assert run("db", "upgrade").exit_code == 0
    assert run("db", "check").exit_code == 0
    ada = an_account()
    stores = open_stores(url)
    kept(stores, ada, a_passkey(ada), a_session(ada))
    stores.close()

    copied = run("db", "backup", "copy.dump")

    assert copied.exit_code == 0, copied.output
    assert stat.S_IMODE((tmp_path / "copy.dump").stat().st_mode) == 0o600
    elsewhere = patient_postgres.url(patient_postgres.empty())
    restore = [program_of("pg_restore"), "--no-owner", f"--dbname={elsewhere}", "copy.dump"]
    subprocess.run(restore, check=True, cwd=tmp_path)
    ended = run("db", "after-restore", "--yes", UNLATCH_DATABASE_URL=elsewhere)
    assert "Sessions ended: 1." in ended.output
    restored = open_stores(elsewhere)
    assert restored.passkeys.of(ada.id) == [a_passkey(ada)]
    assert restored.sessions.of(ada.id, now=NOW, idle=IDLE) == []
    restored.close()


def test_a_copy_replaces_nothing(run, tmp_path):
    (tmp_path / "copy.dump").write_text("dear to somebody")

    assert run("db", "backup", "copy.dump").exit_code == 1
    assert (tmp_path / "copy.dump").read_text() == "dear to somebody"


def test_half_a_copy_is_none(run, tmp_path):
    failed = run("db", "backup", "copy.dump", UNLATCH_DATABASE_URL="postgresql://127.0.0.1:1/x")

    assert failed.exit_code == 1
    assert "pg_dump made no copy" in failed.output
    assert not (tmp_path / "copy.dump").exists()


def test_no_copy_is_made_through_a_pooler(run, tmp_path):
    refused = run("db", "backup", "copy.dump", UNLATCH_DATABASE_POOLER="transaction")

    assert refused.exit_code == 1
    assert "at PostgreSQL itself" in refused.output
    assert not (tmp_path / "copy.dump").exists()


def test_a_machine_without_pg_dump_is_told(run, monkeypatch):
    monkeypatch.setenv("PATH", "")

    refused = run("db", "backup", "copy.dump")

    assert refused.exit_code == 1
    assert "There is no pg_dump on this machine" in refused.output


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"user": "nobody"}, "See to the role in UNLATCH_DATABASE_URL."),
        ({"database": "none"}, "Make it with `createdb "),
        ({"port": "1"}, "See whether PostgreSQL runs where UNLATCH_DATABASE_URL says."),
        ({"host": "-"}, "See to the host in UNLATCH_DATABASE_URL; in a password @"),
    ],
)
def test_what_keeps_it_from_the_database_is_one_line_with_a_cure(run, postgres, broken, words):
    own = {"user": "unlatch", "host": "127.0.0.1", "port": postgres.port, "database": "postgres"}
    where = own | broken

    url = "postgresql://{user}:secret@{host}:{port}/{database}".format(**where)
    refused = run("db", "check", UNLATCH_DATABASE_URL=url)

    assert refused.exit_code == 1
    assert words in refused.output
    assert refused.output.count("\n") == 1
    assert "secret" not in refused.output
    assert "sqlalche.me" not in refused.output


def test_an_encoding_that_keeps_no_names_is_told(run, postgres):
    name = postgres.empty()
    postgres.tell(
        f"CREATE DATABASE {name}_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
    )

    refused = run("db", "upgrade", UNLATCH_DATABASE_URL=postgres.url(f"{name}_ascii"))

    assert refused.exit_code == 1
    assert "createdb --template=template0 --encoding=UTF8" in refused.output
    assert refused.output.count("\n") == 1


def test_a_command_waits_for_who_holds_a_table(run, url, postgres):
    """Longer than any visitor would."""
    assert run("db", "upgrade").exit_code == 0
    name = url.rpartition("/")[2]
    with psycopg.connect(url) as holding:
        holding.execute("LOCK TABLE unlatch_sessions")
        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(run, "db", "after-restore", "--yes")
            wait_until(lambda: postgres.tell(WAITS_FOR_LONG, name) or ended.done(), "who waits")
            holding.rollback()

            assert ended.result().exit_code == 0, ended.result().output
