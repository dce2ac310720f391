"""Something that forbids a sign-in, a proof or a change of the account comes while that is under
way: after it was looked up whether it may be, and before it is written down.

It comes before each step of each way in, as many as there are. What comes before the deciding
transaction is obeyed; what comes later finds all that it has to end.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from flask import Flask
from people import Clock, Kept, Person
from slipping import slipped_in
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from unlatch.flask.sender.reading import body, code_in, link_in
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.tables import ceremonies, mails
from unlatch.testing import Outbox, SoftAuthenticator

pytestmark = pytest.mark.slow

DECIDES = (
    "INSERT INTO unlatch_sessions",
    "UPDATE unlatch_sessions SET",
    "INSERT INTO unlatch_passkeys",
    "INSERT INTO unlatch_events",
)
NEVER = -1


@pytest.fixture
def one_connection() -> None:
    """What slips in has one of its own."""


@dataclass
class Scene:
    """Attributes:
    mira: Has registered, with a passkey, and is signed in.
    there: Somebody with her key, or her mail, at a browser that nobody is signed in at.
    owner: Whom the address belongs to, at a third one.
    """

    kept: Kept
    outbox: Outbox
    clock: Clock
    mira: Person
    there: Person
    owner: Person

    @property
    def account(self) -> str:
        return self.kept.account(self.mira.username).id

    def mailed(self) -> str:
        """The newest mail to her with a secret, as text."""
        texts = (body(mail, "plain") for mail in reversed(self.outbox.to(self.mira.email)))
        return next(text for text in texts if code_in(text))

    def traces(self) -> Counter[str]:
        """What stays of whatever was done: events by kind; how many marks and used mails."""
        database: Database = self.kept.stores.database  # type: ignore[attr-defined]  # it is SQL
        (marks,) = database.rows(select(func.count()).select_from(ceremonies))[0]
        (used,) = database.rows(select(func.count(mails.c.used_at)))[0]
        return Counter(self.kept.kinds(self.mira.username)) + Counter(marks=marks, used=used)


@dataclass
class Played:
    """Attributes:
    steps: Those of the request that was under way.
    came: Whether what slipped in did what it came for.
    traces: What stays of both.
    """

    scene: Scene
    steps: list[str]
    status: int
    came: bool
    traces: Counter[str]


Act = Callable[[], TestResponse]
Prepare = Callable[[Scene], Act]


def twin(person: Person) -> Person:
    """The same browser, for what it asks meanwhile."""
    return person.at_another_browser().with_cookies_of(person)


# --- what is under way ----------------------------------------------------------------------


def passkey_sign_in(scene: Scene) -> Act:
    answer = scene.mira.key.get(scene.there.begin_sign_in())
    return lambda: scene.there.json("/auth/sign-in/passkey", answer)


def link_sign_in(scene: Scene) -> Act:
    scene.there.ask_mail()
    scene.there.open_link(link_in(scene.mailed()) or "")
    scene.clock.move(minutes=1)
    return lambda: scene.there.json("/auth/sign-in/email/link")


def code_sign_in(scene: Scene) -> Act:
    scene.there.ask_mail()
    code = code_in(scene.mailed())
    scene.clock.move(minutes=1)
    return lambda: scene.there.json("/auth/sign-in/email/code", {"code": code})


def passkey_proof(scene: Scene) -> Act:
    answer = scene.mira.key.get(scene.mira.begin_fresh())
    return lambda: scene.mira.json("/auth/fresh/passkey", answer)


def code_proof(scene: Scene) -> Act:
    scene.mira.form("/auth/fresh/email")
    code = code_in(scene.mailed())
    scene.clock.move(minutes=1)
    return lambda: scene.mira.json("/auth/fresh/email/code", {"code": code})


def new_passkey(scene: Scene) -> Act:
    answer = SoftAuthenticator(origin=scene.mira.site).create(scene.mira.begin_passkey())
    return lambda: scene.mira.json("/auth/account/passkeys", answer)


def removal(scene: Scene) -> Act:
    (passkey,) = scene.kept.passkeys(scene.mira.username)
    return lambda: scene.mira.json(f"/auth/account/passkeys/{passkey.id}", method="DELETE")


def correction(scene: Scene) -> Act:
    return lambda: scene.mira.json("/auth/account/email", {"email": f"new-{scene.mira.email}"})


# --- what slips in --------------------------------------------------------------------------


def passkey_removed(scene: Scene) -> Act:
    scene.owner.sign_in()
    (passkey,) = scene.kept.passkeys(scene.mira.username)
    return lambda: scene.owner.json(f"/auth/account/passkeys/{passkey.id}", method="DELETE")


def account_disabled(scene: Scene) -> Act:
    def disable() -> TestResponse:
        with scene.kept.stores.unit() as unit:
            assert unit.accounts.disable(scene.account, now=1)
        return scene.owner.get("/auth/sign-in")

    return disable


def signed_out(scene: Scene) -> Act:
    return lambda: twin(scene.mira).json("/auth/sign-out")


def session_ended(scene: Scene) -> Act:
    (session,) = scene.kept.stores.sessions.of(scene.account, now=0, idle=0)
    scene.owner.sign_in()
    return lambda: scene.owner.form(f"/auth/account/sessions/{session.id}/end")


def newer_mail(scene: Scene) -> Act:
    return lambda: _asked_by_a_twin(scene.there, "/auth/sign-in/email", identifier=scene.mira.email)


def newer_code(scene: Scene) -> Act:
    return lambda: _asked_by_a_twin(scene.mira, "/auth/fresh/email")


def _asked_by_a_twin(person: Person, path: str, **wish: str) -> TestResponse:
    same = twin(person)
    asked = same.json(path, wish)
    (binding,) = [name for name in same.cookies if name.endswith("-mail")]
    person.set_cookie(binding, same.cookies[binding])
    return asked


def owner_comes(scene: Scene) -> Act:
    """By a mail of their own. Where nobody had proved the address, it takes the account over."""
    scene.owner.ask_mail()
    scene.owner.open_link(link_in(scene.mailed()) or "")
    return lambda: scene.owner.json("/auth/sign-in/email/link")


# --- what is true in the end, whichever was first -------------------------------------------


def nobody_is_there(scene: Scene) -> bool:
    return scene.there.session is None


def nobody_is_signed_in(scene: Scene) -> bool:
    return scene.there.session is None and scene.mira.session is None


def no_passkey_is_left(scene: Scene) -> bool:
    return scene.kept.passkeys(scene.mira.username) == []


def the_owner_has_it_alone(scene: Scene) -> bool:
    sessions = scene.kept.stores.sessions.of(scene.account, now=0, idle=0)
    return nobody_is_signed_in(scene) and no_passkey_is_left(scene) and len(sessions) == 1


def one_of_two_is_in(scene: Scene) -> bool:
    """Any sign-in kills what is pending, so of two mails one is used."""
    return (scene.there.session is None) is not (scene.owner.session is None)


def the_newer_mail_is_good(scene: Scene) -> bool:
    """Unless the browser is in: that leaves behind what was asked for there meanwhile."""
    if scene.there.session is not None:
        return True
    code = {"code": code_in(scene.mailed())}
    proved = scene.mira.json("/auth/fresh/email/code", code)
    let_in = scene.there.json("/auth/sign-in/email/code", code)
    return 200 in (proved.status_code, let_in.status_code)


PROVED, UNPROVED = True, False


@pytest.fixture
def new_scene(app: Flask, kept: Kept, outbox: Outbox, clock: Clock, come_from, confirm):
    numbers = iter(range(1000))

    def make(proved: bool) -> Scene:
        number = next(numbers)
        who = {"username": f"mira{number}", "email": f"mira{number}@example.com"}
        # Addresses of their own, so that no limit on a client has anything to say here.
        mira = come_from(f"127.9.{number}.1", **who)
        mira.register()
        assert mira.add_passkey().status_code == 201
        there, owner = (come_from(f"127.9.{number}.{end}", key=mira.key, **who) for end in (2, 3))
        if proved:
            confirm(mira)
        return Scene(kept, outbox, clock, mira, there, owner)

    return make


@pytest.mark.parametrize(
    ("proved", "under_way", "slips_in", "in_the_end"),
    [
        (PROVED, passkey_sign_in, passkey_removed, nobody_is_there),
        (PROVED, passkey_sign_in, account_disabled, nobody_is_there),
        (UNPROVED, passkey_sign_in, owner_comes, the_owner_has_it_alone),
        (PROVED, link_sign_in, account_disabled, nobody_is_there),
        (PROVED, link_sign_in, newer_mail, the_newer_mail_is_good),
        (PROVED, link_sign_in, owner_comes, one_of_two_is_in),
        (PROVED, code_sign_in, account_disabled, nobody_is_there),
        (PROVED, code_sign_in, newer_mail, the_newer_mail_is_good),
        (PROVED, code_sign_in, owner_comes, one_of_two_is_in),
        (PROVED, passkey_proof, passkey_removed, no_passkey_is_left),
        (PROVED, passkey_proof, account_disabled, nobody_is_signed_in),
        (PROVED, passkey_proof, signed_out, nobody_is_signed_in),
        (PROVED, passkey_proof, session_ended, nobody_is_signed_in),
        (UNPROVED, passkey_proof, owner_comes, the_owner_has_it_alone),
        (PROVED, code_proof, account_disabled, nobody_is_signed_in),
        (PROVED, code_proof, newer_code, the_newer_mail_is_good),
        (PROVED, code_proof, signed_out, nobody_is_signed_in),
        (PROVED, code_proof, session_ended, nobody_is_signed_in),
        (PROVED, new_passkey, account_disabled, nobody_is_signed_in),
        (PROVED, new_passkey, signed_out, nobody_is_signed_in),
        (PROVED, new_passkey, session_ended, nobody_is_signed_in),
        (UNPROVED, new_passkey, owner_comes, the_owner_has_it_alone),
        (PROVED, removal, signed_out, nobody_is_signed_in),
        (PROVED, removal, session_ended, nobody_is_signed_in),
        (PROVED, removal, account_disabled, nobody_is_signed_in),
        (UNPROVED, correction, signed_out, nobody_is_signed_in),
        (UNPROVED, correction, session_ended, nobody_is_signed_in),
        (UNPROVED, correction, account_disabled, nobody_is_signed_in),
    ],
)
def test_it_counts_between_any_two_steps(app, new_scene, proved, under_way, slips_in, in_the_end):
    database = app.extensions["unlatch"].stores.database
    sender = app.extensions["unlatch"].sender

    def play(act: bool = True, before: int = NEVER) -> Played:
        scene = new_scene(proved)
        meanwhile, request = slips_in(scene), under_way(scene)
        traces = scene.traces()
        sender.worker = "nobody"  # its steps are its own
        came: list[bool] = []
        with slipped_in(database, before, lambda: came.append(succeeded(meanwhile()))) as slip:
            status = request().status_code if act else 0
        if not act:
            came.append(succeeded(meanwhile()))
        sender.worker = "inline"
        sender.send_due()
        return Played(scene, slip.steps, status, any(came), scene.traces() - traces)

    alone, without = play(), play(act=False)
    begins = [number for number, step in enumerate(alone.steps) if step == "BEGIN"]
    decision = next(number for number, step in enumerate(alone.steps) if step in DECIDES)
    deciding = max(begin for begin in begins if begin < decision)
    assert (deciding > 0, alone.came, without.came) == (True, False, True)

    for before in range(len(alone.steps)):
        played = play(before=before)

        told = f"before {before} of {played.steps}: {played.status}"
        if before <= deciding:
            assert 400 <= played.status < 500, told
            assert played.came, told
            assert played.traces == without.traces, told
        else:
            # The answer to a correction looks again who is there.
            assert played.status in (200, 201, *([401] if under_way is correction else [])), told
            assert played.came or in_the_end is one_of_two_is_in, told
            expected = without.traces if played.came else Counter[str]()
            assert played.traces == expected + alone.traces, told
        assert in_the_end(played.scene), told


def succeeded(answer: TestResponse) -> bool:
    to_sign_in = urlsplit(answer.location or "").path.endswith("/sign-in")
    return answer.status_code in (200, 303) and not to_sign_in
