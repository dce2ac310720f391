"""A site as strangers meet it: set for production, running, reached over HTTP.

TLS ends in front of it, as it does at a proxy; clients come from addresses of 127.0.0.0/8.
Its clock stands still, its mails are in the `outbox`, and each test has a site of its own.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures import clock, confirm, kept, links, mira, noah, outbox, person, visitor
from flask import Flask
from host import DATABASE, QUICK, make_app
from jinja2 import FileSystemBytecodeCache
from one_connection import one_connection
from people import Clock, Person
from postgres import patient_postgres, postgres
from redis_fixtures import lone_redis, redis
from wire import WireClient, running

from unlatch import Policy
from unlatch.core import slow_hash

__all__ = [
    "clock",
    "confirm",
    "kept",
    "links",
    "lone_redis",
    "mira",
    "noah",
    "one_connection",
    "outbox",
    "patient_postgres",
    "postgres",
    "redis",
    "visitor",
]

ORIGIN = "https://acme.example"
PRODUCTION = {
    "UNLATCH_DEVELOPMENT": "0",
    "UNLATCH_ORIGIN": ORIGIN,
    "UNLATCH_SECRET_KEYS": "KeysOfASiteThatIsOnlyEverAttacked-0123456789",
    "UNLATCH_MAIL_SERVER": "mail.invalid",
    "UNLATCH_MAIL_FROM": "sign-in@acme.example",
    "UNLATCH_TRUSTED_PROXIES": "none",
}


@pytest.fixture
def home_origin() -> str:
    return ORIGIN


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh database, to copy from."""
    folder = tmp_path_factory.mktemp("migrated")
    stores = make_app(folder).extensions["unlatch"].stores
    stores.accounts.find("nobody")
    stores.close()
    return folder / DATABASE


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def start_app(
    tmp_path: Path,
    migrated: Path,
    compiled: FileSystemBytecodeCache,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Flask]]:
    """`start_app(policy=…, **config)`: a running site with settings of its own."""
    monkeypatch.setattr(slow_hash, "_HASHER", QUICK)
    stops: list[Callable[[], object]] = []

    def start(policy: Policy | None = None, **config: object) -> Flask:
        folder = tmp_path / f"instance{len(stops)}"
        folder.mkdir()
        shutil.copy(migrated, folder / DATABASE)
        app = make_app(folder, policy, **(PRODUCTION | config))
        app.jinja_env.bytecode_cache = compiled
        state = app.extensions["unlatch"]
        state.sender.worker = "nobody"
        serving = running(app)
        serving.__enter__()
        stops.extend((state.stores.close, lambda: serving.__exit__(None, None, None)))
        return app

    yield start
    for stop in reversed(stops):
        stop()


@pytest.fixture
def app(start_app: Callable[..., Flask]) -> Flask:
    return start_app()


@pytest.fixture
def come_from(app: Flask) -> Callable[..., Person]:
    """`come_from("127.5.0.1", username=…)`: somebody at a new browser, at that address."""

    def come(address: str, **who: Any) -> Person:
        stranger = person(app, ORIGIN, **who)
        assert isinstance(stranger.client, WireClient)
        stranger.client.address = address
        return stranger

    return come
