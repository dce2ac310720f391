"""Another user of the same machine reads the database, a copy of it, the keys or the mails: or
puts files of their own in their place. The process may have been started with any umask.
"""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import person
from flask import Flask
from host import DATABASE, QUICK, make_app
from jinja2 import FileSystemBytecodeCache
from people import Person
from processes import COMMAND, PATIENCE, environment, free_port, wait_until
from servers import connects
from wire import running

from unlatch import Unlatch
from unlatch.core import slow_hash
from unlatch.errors import SettingsError
from unlatch.stores.sql import schema

ORIGIN = "http://localhost"
OURS_ALONE = {"file": 0o600, "folder": 0o700}


@pytest.fixture(autouse=True)
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def home_origin() -> str:
    return ORIGIN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two levels that are not there yet."""
    return tmp_path / "site" / "instance"


@pytest.fixture
def app(
    folder: Path, compiled: FileSystemBytecodeCache, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """In development, where keys and mails are files too; with nothing prepared."""
    monkeypatch.setattr(slow_hash, "_HASHER", QUICK)
    app = make_app(folder, UNLATCH_ORIGIN=ORIGIN)
    app.jinja_env.bytecode_cache = compiled
    with running(app):
        yield app
    app.extensions["unlatch"].stores.close()


def wide_open(folder: Path) -> dict[str, str]:
    """What lets anybody but its owner do anything, by its mode."""
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    return {
        str(path.relative_to(folder)): oct(mode)
        for path, mode in modes.items()
        if mode != OURS_ALONE["folder" if path.is_dir() else "file"]
    }


def test_nothing_that_is_kept_is_anybody_elses(mira: Person, folder: Path) -> None:
    """Read while the database is in use: SQLite itself made the two files beside it."""
    mira.sign_out()
    mira.ask_mail()

    names = {path.name for path in folder.rglob("*")}
    assert {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "unlatch-keys"} <= names
    assert len(list(folder.glob("unlatch-mailbox/new/*"))) >= 2
    assert wide_open(folder.parent) == {}
    assert served(mira, folder) == []


def test_no_copy_is_anybody_elses(
    app: Flask, mira: Person, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was asked for, and one that an upgrade keeps by itself."""
    copies = tmp_path / "copies"
    copies.mkdir(mode=0o700)
    command = ["unlatch", "db", "backup", str(copies / "monday.sqlite")]
    assert app.test_cli_runner().invoke(args=command).exit_code == 0

    app.extensions["unlatch"].stores.close()
    newer_release(tmp_path / "migrations", monkeypatch)
    again = make_app(folder, UNLATCH_ORIGIN=ORIGIN)
    assert again.test_client().get("/auth/session").status_code == 401
    again.extensions["unlatch"].stores.accounts.find("nobody")
    again.extensions["unlatch"].stores.close()

    assert len(list(folder.glob(f"{DATABASE}.backups/*"))) == 1
    assert wide_open(folder) == {}
    assert wide_open(copies) == {}


def test_a_copy_that_was_put_back_is_shut(app: Flask, mira: Person, folder: Path) -> None:
    """By `cp` from wherever it was, as readable as it was there."""
    app.extensions["unlatch"].stores.close()
    (folder / DATABASE).chmod(0o666)
    (folder / "unlatch-mailbox").chmod(0o777)

    again = make_app(folder, UNLATCH_ORIGIN=ORIGIN)
    with running(again):
        noah = person(again, ORIGIN, username="noah", email="noah@example.com")
        noah.register()
        assert wide_open(folder) == {}
    again.extensions["unlatch"].stores.close()


@pytest.mark.parametrize("closed", [False, True])
def test_a_database_taken_away_under_a_running_site_does_not_come_back(
    app: Flask, mira: Person, folder: Path, closed: bool
) -> None:
    """SQLite would make an empty one, by the umask; or go on in the one that went, where its
    connections are open.
    """
    if closed:
        app.extensions["unlatch"].stores.close()
    shutil.move(folder / DATABASE, folder / "away")

    assert mira.get("/auth/session", "json").status_code == 503
    assert not (folder / DATABASE).exists()

    shutil.move(folder / "away", folder / DATABASE)
    assert mira.get("/auth/session", "json").status_code == 200


def served(visitor: Person, folder: Path) -> list[str]:
    """What of a folder's files an address leads to."""
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    ways = (
        "",
        "instance/",
        "static/",
        "static/../",
        "static/%2e%2e/instance/",
        "auth/static/",
        "auth/static/../../../",
        "auth/static/%2e%2e/%2e%2e/",
        f"auth/static/{folder}/",
    )
    asked = [f"/{way}{file}" for file in files for way in ways]
    return [path for path in asked if visitor.get(path).status_code != 404]


def test_no_database_and_no_copy_is_put_where_it_would_be_served(
    app: Flask, mira: Person, folder: Path
) -> None:
    assert app.static_folder is not None
    static = Path(app.static_folder)
    static.mkdir()

    for place in (static, static / "..", folder / "static" / ".." / "static"):
        command = ["unlatch", "db", "backup", str(place / "copy.sqlite")]
        ended = app.test_cli_runner().invoke(args=command)
        assert ended.exit_code == (0 if place.name == ".." else 1), ended.output
    assert list(static.iterdir()) == []
    with pytest.raises(SettingsError, match="serves to everybody"):
        make_app(folder, UNLATCH_DATABASE_URL=f"sqlite:///{static / DATABASE}")


def test_what_is_no_file_lies_in_no_folder_that_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = Flask("host", root_path=str(tmp_path), static_folder=".")
    app.config["UNLATCH_DATABASE_URL"] = "postgresql://localhost/site"
    app.config["UNLATCH_DEVELOPMENT"] = "1"

    Unlatch(app)


def test_a_file_that_was_named_gets_folders_of_its_own(tmp_path: Path) -> None:
    site = tmp_path / "site"
    app = make_app(tmp_path / "app", UNLATCH_DATABASE_URL=f"sqlite:///{site / 'data' / DATABASE}")

    ended = app.test_cli_runner().invoke(args=["unlatch", "db", "upgrade"])

    assert ended.exit_code == 0, ended.output
    assert wide_open(site) == {}


def test_the_ready_server_makes_its_folder_its_own(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port)],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: connects(port), "the server")
        assert wide_open(tmp_path / "instance") == {}
    finally:
        process.terminate()
        process.wait(PATIENCE)


def newer_release(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on this is a version that wants one more revision."""
    shutil.copytree(schema._SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "r9999_more.py").write_text(
        f"revision, down_revision = '9999', {schema.HEAD!r}\ndef upgrade(): pass\n"
    )
    monkeypatch.setattr(schema, "_SCRIPTS", scripts)
    monkeypatch.setattr(schema, "HEAD", "9999")
