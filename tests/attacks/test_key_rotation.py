"""Somebody left with a secret key. It is changed in three rolls, under everybody's hands: nobody
is signed out or has to begin anew, and after the last roll the old key opens nothing.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fixtures import person
from flask import Flask
from host import DATABASE, QUICK, make_app
from people import Person, told
from wire import WireClient, running

from unlatch.core import slow_hash
from unlatch.testing import Outbox

ORIGIN = "https://acme.example"
OLD, NEW = "TheKeyThatSomebodyLeftWith-0123456789", "TheKeyThatTakesItsPlace-0123456789"
ROLLS = [(OLD, f"{OLD},{NEW}"), (f"{OLD},{NEW}", f"{NEW},{OLD}"), (f"{NEW},{OLD}", NEW)]

Move = Callable[[Person], None]


@pytest.fixture
def site(
    app: Flask, tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Flask]]:
    """`site(keys)`: a process with these keys; all of them on one database."""
    folder = tmp_path / "shared"
    folder.mkdir()
    shutil.copy(migrated, folder / DATABASE)
    monkeypatch.setattr(slow_hash, "_HASHER", QUICK)
    settings = {key: value for key, value in app.config.items() if key.startswith("UNLATCH_")}
    with ExitStack() as processes:

        def start(keys: str) -> Flask:
            process = make_app(folder, **settings | {"UNLATCH_SECRET_KEYS": keys})
            process.jinja_env.bytecode_cache = app.jinja_env.bytecode_cache
            processes.callback(process.extensions["unlatch"].stores.close)
            processes.enter_context(running(process))
            return process

        yield start


def session(mira: Person, outbox: Outbox, move: Move) -> bool:
    move(mira)
    return mira.session is not None


def ceremony(mira: Person, outbox: Outbox, move: Move) -> bool:
    browser = mira.at_another_browser()
    answer = mira.key.get(browser.begin_sign_in())
    move(browser)
    return browser.json("/auth/sign-in/passkey", answer).status_code == 200


def mailed_code(mira: Person, outbox: Outbox, move: Move) -> bool:
    """Needs the binding of the browser that asked."""
    browser = mira.at_another_browser()
    browser.ask_mail()
    move(browser)
    return browser.type_code(outbox.code).status_code == 303 and browser.session is not None


def mailed_link(mira: Person, outbox: Outbox, move: Move) -> bool:
    """Its token is in flight while the roll goes on, under the browser that asked."""
    browser = mira.at_another_browser()
    browser.ask_mail()
    move(browser)
    browser.open_link(outbox.link)
    browser.form("/auth/sign-in/email/link")
    return browser.session is not None


def opened_link(mira: Person, outbox: Outbox, move: Move) -> bool:
    """Its token is in a cookie, and the button not yet pressed."""
    browser = mira.at_another_browser()
    browser.ask_mail()
    browser.open_link(outbox.link)
    move(browser)
    browser.form("/auth/sign-in/email/link")
    return browser.session is not None


def browser(mira: Person, outbox: Outbox, move: Move) -> bool:
    """Who registered here and proves the address here, with no session, takes nothing over."""
    noah = person(mira.client.application, ORIGIN, username="noah", email="noah@example.com")
    noah.register()
    assert noah.add_passkey().status_code == 201
    noah.sign_out()
    move(noah)
    noah.drop_cookie("__Host-unlatch-mail")
    noah.ask_mail()
    noah.type_code(outbox.code)
    return len(noah.passkeys()) == 1


def remembered(mira: Person, outbox: Outbox, move: Move) -> bool:
    elsewhere = mira.at_another_browser()
    elsewhere.sign_in()
    elsewhere.sign_out()
    move(elsewhere)
    return mira.name in elsewhere.get("/auth/sign-in").text


def who(mira: Person, outbox: Outbox, move: Move) -> bool:
    """What was typed rides sealed in the address of the next page."""
    browser = mira.at_another_browser()
    address = browser.form("/auth/sign-in", identifier="mira@example.com").location
    move(browser)
    return "mira@example.com" in browser.get(address).text


def toast(mira: Person, outbox: Outbox, move: Move) -> bool:
    elsewhere = mira.at_another_browser()
    elsewhere.sign_in()
    elsewhere.sign_out()
    elsewhere.form("/auth/sign-in/switch")
    move(elsewhere)
    return "Signed out" in elsewhere.get("/auth/sign-in").text


SEALED = [ceremony, mailed_code, mailed_link, opened_link, browser, remembered, who, toast, session]
ALL = {one.__name__ for one in SEALED}


@pytest.fixture
def survivors(site: Callable[[str], Flask]) -> Callable[[str, str], set[str]]:
    """What was begun at one process and goes on at another, by their keys."""

    def find(begun_by: str, goes_on_by: str) -> set[str]:
        begins, goes_on = site(begun_by), site(goes_on_by)
        outbox = Outbox(begins)
        outbox.attach(goes_on)
        mira = person(begins, ORIGIN)
        mira.register()
        mira.form("/auth/account/email/code", code=outbox.code)
        assert mira.add_passkey().status_code == 201
        assert told(mira.get("/auth/session", "json"))["account"]["email"] == mira.email

        def move(one: Person) -> None:
            assert isinstance(one.client, WireClient)
            one.client.port = goes_on.test_client_class.port  # type: ignore[union-attr]

        return {one.__name__ for one in SEALED if one(mira, outbox, move)}

    return find


@pytest.mark.parametrize(("before", "after"), ROLLS, ids=["old,new", "new,old", "new"])
def test_a_roll_interrupts_nobody(survivors, before, after):
    assert survivors(before, after) == ALL


@pytest.mark.parametrize(("before", "after"), ROLLS, ids=["old,new", "new,old", "new"])
def test_while_a_roll_goes_on_both_sides_understand_each_other(survivors, before, after):
    assert survivors(after, before) == ALL


def test_what_the_old_key_seals_opens_nothing_in_the_end(survivors):
    """Also the proof that these tests would notice: only sessions do not hang on keys."""
    assert survivors(OLD, NEW) == {"session"}
