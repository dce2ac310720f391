"""A small app with Unlatch on it, and people with browsers and keys to walk in with.

Everything they do goes over HTTP, on SQLite. What is slow is done once: one app serves all
tests that need no settings of their own, its tables emptied between them; mail is minted only
in tests that read it (by the `outbox`).
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fixtures import clock, confirm, home_origin, kept, links, mira, noah, outbox, visitor
from flask import Flask
from host import DATABASE, QUICK, make_app
from jinja2 import FileSystemBytecodeCache
from people import Clock, Page
from sqlalchemy import delete
from werkzeug.test import TestResponse

from unlatch import Policy
from unlatch.core import slow_hash
from unlatch.stores.sql.tables import meta, metadata

__all__ = ["clock", "confirm", "home_origin", "kept", "links", "mira", "noah", "outbox", "visitor"]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fresh database, to copy from."""
    folder = tmp_path_factory.mktemp("migrated")
    app = make_app(folder)
    app.test_client().get("/auth/sign-out")
    app.extensions["unlatch"].stores.accounts.find("nobody")
    app.extensions["unlatch"].stores.close()
    return folder


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def bare_app(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """`bare_app(…)`: a host's app as it is made by hand, with nothing prepared."""
    made: list[Flask] = []

    def make(folder: str = "bare", **config: object) -> Flask:
        app = make_app(tmp_path / folder, **config)
        made.append(app)
        return app

    yield make
    for app in made:
        state = app.extensions["unlatch"]
        state.sender.stop()
        state.stores.close()


@pytest.fixture
def new_app(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, compiled: FileSystemBytecodeCache
) -> Iterator[Callable[..., Flask]]:
    """`new_app(…)`: an app with a database of its own. No mail leaves before an `Outbox`."""
    made: list[Flask] = []

    def make(policy: Policy | None = None, **config: object) -> Flask:
        folder = tmp_path_factory.mktemp("instance")
        shutil.copy(migrated / DATABASE, folder / DATABASE)
        app = make_app(folder, policy, **config)
        app.jinja_env.bytecode_cache = compiled
        app.extensions["unlatch"].sender.worker = "external"
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["unlatch"].stores.close()


@pytest.fixture(scope="session")
def lasting_app(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("lasting")
    shutil.copy(migrated / DATABASE, folder / DATABASE)
    app = make_app(folder)
    yield app
    app.extensions["unlatch"].stores.close()


@pytest.fixture
def app(lasting_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The host's app, with nobody in it. No mail leaves before an `Outbox`.

    Argon2 is as quick as it can be: how slow it is in earnest is a test of its own.
    """
    monkeypatch.setattr(slow_hash, "_HASHER", QUICK)
    state = lasting_app.extensions["unlatch"]
    state.sender.worker, state.sender.transport = "external", state.mailbox
    yield lasting_app
    with state.stores.database.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not meta:  # true of the database, whoever is in it
                connection.execute(delete(table))


@pytest.fixture
def read() -> Callable[[TestResponse], Page]:
    """`read(answer)`: the elements of a page."""
    return lambda answer: Page(answer.text)
