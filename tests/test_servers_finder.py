"""`make test` on machines without the servers that it starts."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts/servers.py"


@pytest.fixture
def finder(monkeypatch, tmp_path):
    """The script, where nothing is found but what a test puts into `tmp_path`."""
    spec = importlib.util.spec_from_file_location("servers_finder", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    finder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(finder)
    monkeypatch.setattr(finder, "PLACES", (tmp_path,))
    monkeypatch.setattr(finder, "POSTGRESQL", tmp_path / "postgresql")
    monkeypatch.setattr(finder, "STARTS_NONE", tmp_path / "policy-rc.d")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["servers.py"])
    return finder


@pytest.fixture
def debian(finder, monkeypatch, tmp_path):
    """Gives what apt-get was told, and whether services would have been started meanwhile."""
    told = []

    def run(command):
        told.append((command[1], command[5:], os.access(finder.STARTS_NONE, os.X_OK)))
        for package in command[5:]:
            put(tmp_path, finder.PACKAGES[package])
        return True

    put(tmp_path, "apt-get")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(finder.os, "geteuid", lambda: 0)
    monkeypatch.setattr(finder, "run", run)
    return told


def put(folder, name):
    (folder / name).touch(mode=0o755)


def test_root_installs_what_is_missing_and_starts_none_of_it(finder, debian, tmp_path):
    put(tmp_path, "redis-server")

    finder.main()

    (_, _, _), (_, installed, nothing_starts) = debian
    assert set(installed) == set(finder.PACKAGES) - {"redis-server"}
    assert nothing_starts
    assert not finder.STARTS_NONE.exists()


def test_where_all_is_there_nothing_is_installed(finder, debian, tmp_path):
    for name in finder.PACKAGES.values():
        put(tmp_path, name)

    finder.main()

    assert debian == []


def test_somebodys_own_policy_stays(finder, debian):
    finder.STARTS_NONE.write_text("#!/bin/sh\nexit 0\n")

    finder.main()

    assert finder.STARTS_NONE.read_text() == "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize("may_install", [True, False])
def test_anybody_else_is_told_in_a_sentence(finder, debian, monkeypatch, may_install):
    if may_install:
        monkeypatch.setattr(finder.os, "geteuid", lambda: 1000)
    else:
        monkeypatch.setattr(sys, "argv", ["servers.py", "--no-install"])

    with pytest.raises(SystemExit) as told:
        finder.main()

    assert "sudo apt-get install " in str(told.value.code)
    assert "redis-server" in str(told.value.code)
    assert debian == []


def test_postgresql_lies_in_no_path(finder, tmp_path):
    (tmp_path / "postgresql/15/bin").mkdir(parents=True)
    assert not finder.is_there("postgres")

    put(tmp_path / "postgresql/15/bin", "postgres")

    assert finder.is_there("postgres")
