"""A copy of the database is put back, and with it comes what was over: a session that was signed
out of, a link and a code that were used, a ceremony that was answered.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from host import DATABASE
from people import Person

from unlatch.testing import Outbox, SoftAuthenticator

Command = Callable[..., str]


@pytest.fixture
def command(app: Flask) -> Command:
    """Runs `flask unlatch db …` and gives what it said."""

    def run(*arguments: str) -> str:
        ended = app.test_cli_runner().invoke(args=["unlatch", "db", *arguments])
        assert ended.exit_code == 0, ended.output
        return ended.output

    return run


@pytest.fixture
def put_back(app: Flask) -> Callable[[Path], None]:
    """As docs/server.md has it done: in the database's place, and nothing beside it."""

    def restore(copy: Path) -> None:
        app.extensions["unlatch"].stores.close()
        database = Path(app.instance_path) / DATABASE
        for beside in database.parent.glob(f"{DATABASE}-*"):
            beside.unlink()
        shutil.copyfile(copy, database)

    return restore


class Begun:
    """Something that is finished once, at a browser whose cookies stay what they were."""

    def __init__(self, browser: Person, finish: Callable[[], int]) -> None:
        self._browser, self._finish, self._cookies = browser, finish, dict(browser.cookies)

    def finish(self) -> bool:
        for name in self._browser.cookies:
            self._browser.drop_cookie(name)
        for name, value in self._cookies.items():
            self._browser.set_cookie(name, value)
        return self._finish() in (200, 201, 303)


def a_session(mira: Person, outbox: Outbox) -> Begun:
    """Signed out of by its end."""

    def finish() -> int:
        status = mira.get("/auth/session").status_code
        mira.sign_out()
        return status

    return Begun(mira, finish)


def a_sign_in(mira: Person, outbox: Outbox) -> Begun:
    elsewhere = mira.at_another_browser()
    answer = mira.key.get(elsewhere.begin_sign_in())
    return Begun(elsewhere, lambda: elsewhere.json("/auth/sign-in/passkey", answer).status_code)


def a_step_up(mira: Person, outbox: Outbox) -> Begun:
    answer = mira.key.get(mira.begin_fresh())
    return Begun(mira, lambda: mira.json("/auth/fresh/passkey", answer).status_code)


def an_addition(mira: Person, outbox: Outbox) -> Begun:
    key = SoftAuthenticator(origin=mira.site)
    answer = key.create(mira.begin_passkey())
    return Begun(mira, lambda: mira.json("/auth/account/passkeys", answer).status_code)


def a_link(mira: Person, outbox: Outbox) -> Begun:
    elsewhere = mira.at_another_browser()
    elsewhere.ask_mail()
    link = outbox.link

    def finish() -> int:
        elsewhere.open_link(link)
        return elsewhere.form("/auth/sign-in/email/link").status_code

    return Begun(elsewhere, finish)


def a_code(mira: Person, outbox: Outbox) -> Begun:
    elsewhere = mira.at_another_browser()
    elsewhere.ask_mail()
    code = outbox.code
    return Begun(elsewhere, lambda: elsewhere.type_code(code).status_code)


BEGUN = [a_session, a_sign_in, a_step_up, an_addition, a_link, a_code]


@pytest.mark.parametrize("begin", BEGUN)
def test_what_was_begun_before_a_restore_is_void_after_it(
    mira, confirm, outbox, command, put_back, tmp_path, begin
):
    """Without `after-restore` it would be finished a second time; with it, not even once."""
    confirm(mira)
    begun = begin(mira, outbox)
    copy = tmp_path / "copy.sqlite"
    command("backup", str(copy))
    assert begun.finish()
    assert not begun.finish()

    put_back(copy)
    assert begun.finish(), "the copy brought it back"

    put_back(copy)
    command("after-restore", "--yes")
    assert not begun.finish()
    assert mira.at_another_browser().sign_in().status_code == 200


def test_a_mail_that_waited_in_the_copy_is_not_sent(app, mira, command, put_back, tmp_path):
    """It was, after the copy was made."""
    mira.ask_mail()
    command("backup", str(tmp_path / "copy.sqlite"))
    put_back(tmp_path / "copy.sqlite")
    command("after-restore", "--yes")

    assert app.extensions["unlatch"].stores.mails.claim(now=2**62, lease=1) is None
    outbox = Outbox(app)
    app.extensions["unlatch"].deliver()

    assert outbox.mails == []


def test_an_older_counter_locks_nobody_out(mira, confirm, command, put_back, tmp_path):
    """The device has counted on since."""
    confirm(mira)
    mira.key = SoftAuthenticator(origin=mira.site, counts=True)
    assert mira.add_passkey().status_code == 201
    command("backup", str(tmp_path / "copy.sqlite"))
    for _ in range(3):
        assert mira.at_another_browser().sign_in().status_code == 200

    put_back(tmp_path / "copy.sqlite")
    command("after-restore", "--yes")

    assert mira.at_another_browser().sign_in().status_code == 200
