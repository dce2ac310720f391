"""Guessing a code: more than five times for a mail, all at once, or for free, by making what
comes after the try fail.
"""

import sqlite3
from contextlib import closing

import pytest
from crowd import crowd
from host import DATABASE
from people import told

from unlatch.core.mailed import MOST_TRIES

WRONG = {"code": "WDJB-KMHT"}
CODE = "/auth/sign-in/email/code"


@pytest.fixture
def asked(mira, visitor, outbox):
    visitor.ask_mail()
    return visitor


@pytest.fixture
def database(app):
    """Its file, seen from beside."""
    with closing(sqlite3.connect(f"{app.instance_path}/{DATABASE}")) as connection:
        yield connection


def tries(database):
    newest = "SELECT attempts FROM unlatch_mails ORDER BY asked_at DESC LIMIT 1"
    return database.execute(newest).fetchone()[0]


def test_after_five_wrong_ones_the_right_one_is_dead_too(asked, outbox):
    told = [asked.json(CODE, WRONG).json for _ in range(MOST_TRIES)]
    right = asked.json(CODE, {"code": outbox.code})

    assert [one["tries_left"] for one in told] == [4, 3, 2, 1, 0]
    assert (right.status_code, right.json["error"]) == (401, "mail_gone")


def test_the_link_has_no_tries_of_its_own(asked, outbox):
    """Its secret is too long to guess; but a mail that was guessed at is dead as a whole."""
    asked.open_link(outbox.link)
    for _ in range(MOST_TRIES):
        asked.json(CODE, WRONG)

    link = asked.json("/auth/sign-in/email/link")

    assert (link.status_code, link.json["error"]) == (401, "mail_gone")


def test_five_are_five_however_many_come_at_once(asked, come_from, database):
    """Ten, which is as many as the slow hash has places for."""
    with crowd(10) as ten:
        guessers = [come_from(f"127.7.7.{number + 1}") for number in range(10)]
        for guesser in guessers:
            guesser.with_cookies_of(asked)

        answers = ten.at_once(lambda number: told(guessers[number].json(CODE, WRONG)))

    said = [one if isinstance(one, dict) else {"error": repr(one)} for one in answers]
    assert sorted(one["error"] for one in said) == ["mail_gone"] * 5 + ["wrong_code"] * 5
    assert {one.get("tries_left") for one in said} == {None, 0, 1, 2, 3, 4}
    assert tries(database) == MOST_TRIES


def test_a_try_stays_spent_when_the_rest_fails(asked, outbox, database):
    """Whoever could make the database stumble after it would guess for ever."""
    database.execute(
        "CREATE TRIGGER stumble BEFORE INSERT ON unlatch_sessions "
        "BEGIN SELECT RAISE(ABORT, 'stumbled'); END"
    )

    for number in range(MOST_TRIES):
        assert asked.json(CODE, {"code": outbox.code}).status_code == 503
        assert tries(database) == number + 1

    database.execute("DROP TRIGGER stumble")
    right = asked.json(CODE, {"code": outbox.code})
    assert (right.status_code, right.json["error"]) == (401, "mail_gone")


def test_what_cannot_be_a_code_costs_no_try(asked, outbox, database):
    for rubbish in ("", "ABC", "ABCD-EFG1", "A" * 60_000):
        assert asked.json(CODE, {"code": rubbish}).status_code == 422

    assert tries(database) == 0
    assert asked.json(CODE, {"code": outbox.code}).status_code == 200
