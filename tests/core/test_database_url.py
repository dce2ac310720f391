"""`UNLATCH_DATABASE_URL`: what cannot be used is told when settings are read, not when the first
visitor comes; and no fault tells the password.
"""

import importlib.util

import pytest

from unlatch.database_url import place_of
from unlatch.errors import SettingsError
from unlatch.settings import Settings
from unlatch.stores import open_database


def fault_of(url):
    with pytest.raises(SettingsError) as refused:
        Settings.read({"UNLATCH_DATABASE_URL": url}, development=True)
    (fault,) = refused.value.faults
    with pytest.raises(SettingsError) as refused:
        open_database(url)
    assert refused.value.faults == (fault,)
    return fault


def test_a_socket_has_a_path_of_any_length():
    url = f"postgresql:///x?host=/run/{'a' * 80}"

    assert Settings.read({"UNLATCH_DATABASE_URL": url}, development=True).database_url == url


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_taken_by_all_its_names(scheme):
    url = f"{scheme}://me:pass%40word@db:5432/name?sslmode=verify-full"

    assert Settings.read({"UNLATCH_DATABASE_URL": url}, development=True).database_url == url


@pytest.mark.parametrize(
    "url",
    ["oracle://me:hush@db/x", "sqlite://", "sqlite:///", "sqlite:///:memory:", "memory:x", "x"],
)
def test_what_is_no_address_of_ours(url):
    fault = fault_of(url)

    assert fault.startswith(f"UNLATCH_DATABASE_URL begins with {url.partition(':')[0]!r}; it takes")
    assert "hush" not in fault


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hu%sh@127.0.0.1:5432/x",
        "postgresql://me:hush@[::1:5432/x",
        # What libpq would look for a host, a port, a database of that name for.
        "postgresql://me:pass@hush@db:5432/x",
        "postgresql://me:pass@hush:word@db/x",
        "postgresql://me:pass@hush/word@db/x",
        "postgresql://me@db:hush@db/x",
        "postgresql://me:hush@no..host/x",
        "postgresql://me:hush@db/x?no_such_option=1",
    ],
)
def test_what_libpq_cannot_read(url):
    fault = fault_of(url)

    assert fault.startswith("UNLATCH_DATABASE_URL is not as PostgreSQL's libpq reads it; it takes")
    assert "hu" not in fault


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:////srv/x.sqlite", "/srv/x.sqlite"),
        ("memory:", "memory:"),
        ("postgresql://me:hush@db.example/site", "site at db.example"),
        ("postgresql://", "the default one at this machine"),
    ],
)
def test_where_it_is_tells_no_password(url, place):
    assert place_of(url) == place


def test_where_a_relative_path_leads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert place_of("sqlite:///x.sqlite") == str(tmp_path / "x.sqlite")


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    assert "pip install 'psycopg[binary]'" in fault_of("postgresql://me@db/x")
