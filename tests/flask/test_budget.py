"""What one sign-in by passkey may cost, counted: what is not done cannot be slow. Times are for
benchmarks; these counts are the same on every machine.
"""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from fixtures import person
from flask import Flask
from people import Person
from postgres import patient_postgres, postgres
from redis import Redis
from redis_fixtures import PATIENT, lone_redis, redis
from watched_sql import watched

from unlatch.stores.redis.deadline import Patience
from unlatch.stores.sql.running import Sql

__all__ = ["lone_redis", "patient_postgres", "postgres", "redis"]

ORIGIN = "https://acme.example"
IN_EARNEST = {
    "UNLATCH_DEVELOPMENT": "0",  # limits hold
    "UNLATCH_ORIGIN": ORIGIN,
    "UNLATCH_SECRET_KEYS": "KeysOfASiteWhoseCostsAreCounted-0123456789",
    "UNLATCH_MAIL_SERVER": "mail.invalid",
    "UNLATCH_TRUSTED_PROXIES": "none",
    "UNLATCH_MAIL_FROM": "sign-in@acme.example",
}

CALLS = {
    "Keys.seal": "seal",
    "Keys.open": "open",
    "derive": "HKDF",
    "digest": "SHA-256",
    "PasswordHasher.hash": "Argon2",
    "PasswordHasher.verify": "Argon2",
}
"""Functions of ours, and of argon2-cffi, by what they do."""

BEGUN = Counter({"seal": 1, "open": 1, "SHA-256": 2})
FINISHED = Counter(
    {"SELECT": 1, "INSERT": 3, "UPDATE": 1, "COMMIT": 1, "seal": 2, "open": 3, "SHA-256": 8}
)
ON_SERVERS = {"INSERT": 0, "UPDATE": 0, "WITH": 2, "SHA-256": 10}
"""What is written is two statements, and Redis is told its counters' names hashed with a key."""


def settled(app: Flask, clock: Any) -> Person:
    """Signed out; everything that a process does once is done, and nothing is in the post."""
    mira = person(app, ORIGIN)
    mira.register()
    mira.add_passkey()
    stores = app.extensions["unlatch"].stores
    with stores.unit() as unit:
        account = stores.accounts.by_username("mira")
        assert account is not None
        unit.accounts.confirm(account.id, now=1)
    clock.move(days=1)
    mira.sign_out()
    assert mira.sign_in().status_code == 200
    mira.sign_out()
    return mira


def cost(app: Flask, work: Callable[[], Any]) -> tuple[Any, Counter[str]]:
    """What the work gives, and what it did how often."""
    spent: Counter[str] = Counter()
    database = app.extensions["unlatch"].stores.database

    def statement(_sql: Sql, said: str) -> None:
        verb = said.split()[0]
        if verb != "BEGIN":
            spent[verb] += 1

    def commit(_sql: Sql) -> None:
        spent["COMMIT"] += 1

    def call(frame: FrameType, what: str, _: Any) -> None:
        if what == "call" and (name := CALLS.get(frame.f_code.co_qualname)):
            spent[name] += 1

    with watched(database, statement, committed=commit):
        sys.setprofile(call)
        try:
            given = work()
        finally:
            sys.setprofile(None)
    return given, spent


def both_requests(app: Flask, mira: Person) -> tuple[Counter[str], Counter[str]]:
    options, begun = cost(app, mira.begin_sign_in)
    answer = mira.key.get(options)
    signed_in, finished = cost(app, lambda: mira.json("/auth/sign-in/passkey", answer))
    assert signed_in.status_code == 200
    return begun, finished


def test_a_sign_in_on_sqlite(new_app, clock):
    app = new_app(**IN_EARNEST)

    assert both_requests(app, settled(app, clock)) == (BEGUN, FINISHED)


@pytest.mark.slow
def test_a_sign_in_on_postgresql_and_redis(new_app, clock, patient_postgres, redis):
    stores = {
        "UNLATCH_DATABASE_URL": patient_postgres.url(patient_postgres.fresh()),
        "UNLATCH_REDIS_URL": redis.url,
    }
    app = new_app(**IN_EARNEST, **stores)
    app.extensions["unlatch"].throttle._patience = Patience(PATIENT)
    mira = settled(app, clock)
    with redis.admin as admin:
        before = questions_to(admin)

        assert both_requests(app, mira) == (BEGUN, Counter({**FINISHED, **ON_SERVERS}))
        assert questions_to(admin) - before - 1 == 1


def questions_to(redis: Redis) -> int:
    """How often it was sent something so far, this question too."""
    sent: int = redis.info("stats")["total_reads_processed"]
    return sent
