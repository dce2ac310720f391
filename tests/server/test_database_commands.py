"""`unlatch db …`, the same as `flask unlatch db …`."""

import json
import os
import pty
import shutil
import sqlite3
import stat
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo

from unlatch.flask import cli as flask_cli
from unlatch.server.app import create_app
from unlatch.server.cli import cli
from unlatch.stores.sql import schema


@pytest.fixture
def path(tmp_path):
    return tmp_path / "own.sqlite"


@pytest.fixture
def run(path, tmp_path, monkeypatch):
    """Runs a command on a database of the operator's."""
    monkeypatch.chdir(tmp_path)
    settings = {"UNLATCH_DATABASE_URL": f"sqlite:///{path}", "UNLATCH_DEVELOPMENT": "1"}

    def invoke(*arguments):
        script = ScriptInfo(create_app=lambda: create_app(settings))
        return CliRunner().invoke(cli, arguments, obj=script, prog_name="unlatch")

    return invoke


@pytest.fixture
def newer_release(monkeypatch, tmp_path):
    """From here on this is a version that wants one more revision."""

    def release():
        scripts = tmp_path / "migrations"
        shutil.copytree(schema._SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        (scripts / "versions" / "r9999_more.py").write_text(
            f"revision, down_revision = '9999', {schema.HEAD!r}\ndef upgrade(): pass\n"
        )
        monkeypatch.setattr(schema, "_SCRIPTS", scripts)
        monkeypatch.setattr(schema, "HEAD", "9999")

    return release


def test_an_empty_database_is_told_and_filled(run, path):
    before = run("db", "check")
    assert before.exit_code == 1
    assert before.stderr == (
        f"The database is empty: `unlatch db upgrade` makes its tables.\nIt is {path}.\n"
    )
    assert not path.exists()

    assert run("db", "upgrade").stdout == f"The tables are made.\nIt is {path}.\n"

    after = run("db", "check")
    assert after.exit_code == 0
    assert after.stdout == f"The database fits this version of Unlatch.\nIt is {path}.\n"


def test_upgrading_twice_does_nothing_more(run):
    run("db", "upgrade")

    again = run("db", "upgrade")

    assert again.exit_code == 0
    assert again.stdout.startswith("There is nothing to do")


def test_a_database_behind_is_told_and_brought_up_with_a_copy_kept(run, path, newer_release):
    run("db", "upgrade")
    newer_release()

    behind = run("db", "check")
    assert behind.exit_code == 1
    assert behind.stderr.startswith("The database is behind")

    assert run("db", "upgrade").stdout.startswith("The database is upgraded.\n")
    assert run("db", "check").exit_code == 0
    assert len(list(path.parent.glob("own.sqlite.backups/*"))) == 1


@pytest.mark.parametrize("command", ["check", "upgrade"])
def test_a_database_ahead_is_told_and_left_alone(run, path, command):
    run("db", "upgrade")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE unlatch_alembic_version SET version_num = 'from the future'")
        # And has taken something away that this version needs.
        connection.execute("UPDATE unlatch_meta SET value = x'7e' WHERE name = 'min_code'")

    ended = run("db", command)

    assert ended.exit_code == 1
    assert ended.stderr.startswith("A newer Unlatch has upgraded this database")


def test_whether_a_database_fits_is_the_schemas_own_word(run, monkeypatch):
    monkeypatch.setattr(schema.State, "serves", True)

    assert run("db", "check").stdout.startswith("The database fits this version of Unlatch.\n")
    assert run("db", "upgrade").stdout.startswith("There is nothing to do")


def test_there_are_words_for_every_database_that_does_not_fit():
    misfits = {one.value for one in schema.State if not one.serves}

    assert set(flask_cli._MISFITS) == misfits


def test_a_backup_is_whole_and_its_owners_alone(run, tmp_path):
    run("db", "upgrade")
    copy = tmp_path / "copy.sqlite"

    ended = run("db", "backup", str(copy))

    assert (ended.exit_code, ended.stdout) == (0, f"The database is copied to {copy}.\n")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM unlatch_alembic_version").fetchone() == (1,)


def test_a_backup_replaces_nothing(run, tmp_path):
    run("db", "upgrade")
    (tmp_path / "copy.sqlite").write_text("precious")

    ended = run("db", "backup", str(tmp_path / "copy.sqlite"))

    assert ended.exit_code == 1
    assert "exists already" in ended.stderr
    assert (tmp_path / "copy.sqlite").read_text() == "precious"


def test_after_a_restore_it_is_told_what_was_voided(run, path):
    run("db", "upgrade")
    site = create_app({"UNLATCH_DATABASE_URL": f"sqlite:///{path}", "TESTING": True})
    for name in ("ada", "bob"):
        form = {"name": name, "username": name, "email": f"{name}@example.com"}
        assert site.test_client().post("/auth/register", data=form).status_code == 303
    site.extensions["unlatch"].stores.close()

    ended = run("db", "after-restore")

    assert ended.exit_code == 0
    assert ended.stdout.startswith("Sessions ended: 2. Mails voided: 2.\n")
    with closing(sqlite3.connect(path)) as connection:
        (*_, (kind, facts)) = connection.execute(
            "SELECT kind, facts FROM unlatch_events ORDER BY id"
        ).fetchall()
    assert (kind, json.loads(facts)) == ("restored", {"sessions": 2, "mails": 2})


def test_what_a_restored_copy_is_behind_by_is_told_first(run, path, newer_release):
    empty = run("db", "after-restore")
    assert (empty.exit_code, path.exists()) == (1, False)
    assert empty.stderr.startswith("The database is empty: `unlatch db upgrade` makes its tables.")

    run("db", "upgrade")
    newer_release()

    assert run("db", "after-restore").stderr.startswith("The database is behind")


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "goes_on"), [(b"n\n", False), (b"y\n", True)])
def test_on_a_terminal_it_asks_before_it_signs_everybody_out(run, unlatch, path, answer, goes_on):
    run("db", "upgrade")
    person, terminal = pty.openpty()
    os.write(person, answer)

    ended = unlatch("db", "after-restore", stdin=terminal, UNLATCH_DATABASE_URL=f"sqlite:///{path}")

    os.close(person)
    os.close(terminal)

    assert "This signs everybody out" in ended.stdout
    assert ("Sessions ended" in ended.stdout) is goes_on
    assert ended.returncode == (0 if goes_on else 1)


def test_trouble_is_told_in_a_sentence(run, tmp_path):
    nothing_there = run("db", "backup", str(tmp_path / "copy.sqlite"))
    assert nothing_there.exit_code == 1
    assert nothing_there.stderr.startswith("There is nothing to copy")

    run("db", "upgrade")
    no_folder = run("db", "backup", str(tmp_path / "nowhere" / "copy.sqlite"))
    assert no_folder.exit_code == 1
    assert "cannot be used" in no_folder.stderr


@pytest.mark.slow
def test_without_settings_the_servers_own_file_is_meant(unlatch, tmp_path):
    """What only serving needs may be missing."""
    ended = unlatch("db", "upgrade")

    made = tmp_path / "instance" / "unlatch.sqlite"
    assert made.exists()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"The tables are made.\nIt is {made}.\n"


@pytest.mark.slow
def test_a_malformed_setting_is_told_in_a_sentence(unlatch):
    ended = unlatch("db", "check", UNLATCH_DATABASE_URI="sqlite:///x")

    assert ended.returncode == 1
    assert "UNLATCH_DATABASE_URI is not a setting. Did you mean UNLATCH_DATABASE" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_long_work_counts_its_seconds_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with flask_cli._seconds_counted("Copying"):
        wait_for(capsys, "Copying … 1 s")


def wait_for(capsys, words):
    import threading

    said = ""
    for _ in range(500):
        said += capsys.readouterr().err
        if words in said:
            return
        threading.Event().wait(0.01)
    pytest.fail(f"said only {said!r}")
