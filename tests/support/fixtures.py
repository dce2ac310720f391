"""What tests of the face and attacks on it begin with; the `app` is each folder's own."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine as machine
from flask import Flask
from people import Clock, Kept, Person

from unlatch.core.times import MINUTE
from unlatch.flask.sender.reading import body, link_in
from unlatch.flask.state import now
from unlatch.testing import Outbox, SoftAuthenticator


def person(app: Flask, origin: str, **who: Any) -> Person:
    """Somebody at a browser that has never been here."""
    return Person(
        app.test_client(), site=origin, **({"key": SoftAuthenticator(origin=origin)} | who)
    )


@pytest.fixture
def home_origin() -> str:
    """Where the site is."""
    return "http://localhost"


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """Takes the app's mails. What is asked for from now on is delivered at once; what was
    asked for before counts as sent, since nobody is going to read it.
    """
    mails = app.extensions["unlatch"].stores.mails
    while mail := mails.claim(now=now(), lease=MINUTE):
        mails.hand_over(mail, now=now())
    return Outbox(app)


@pytest.fixture
def kept(app: Flask) -> Kept:
    return Kept(app.extensions["unlatch"].stores)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Noon of a summer's day, for every test that uses the `app`."""
    noon = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)
    with machine.travel(noon, tick=False) as traveller:
        Clock.running = Clock(traveller)
        yield Clock.running
        Clock.running = None


@pytest.fixture
def visitor(app: Flask, home_origin: str) -> Person:
    """A browser that has never been here."""
    return person(app, home_origin)


@pytest.fixture
def mira(app: Flask, home_origin: str) -> Person:
    """Registered just now, with a passkey, signed in; her address not confirmed."""
    mira = person(app, home_origin)
    mira.register()
    assert mira.add_passkey().status_code == 201
    return mira


@pytest.fixture
def noah(app: Flask, home_origin: str) -> Person:
    """Another account on the same site, made in another browser."""
    noah = person(app, home_origin, username="noah", email="noah@example.com", name="Noah Berg")
    noah.register()
    assert noah.add_passkey().status_code == 201
    return noah


@pytest.fixture
def confirm(kept: Kept) -> Callable[[Person], None]:
    """`confirm(person)`: as if they had opened the mail and pressed the button."""

    def by_hand(person: Person) -> None:
        with kept.stores.unit() as unit:
            assert unit.accounts.confirm(kept.account(person.username).id, now=1)

    return by_hand


@pytest.fixture
def links(outbox: Outbox) -> Callable[[str], list[str]]:
    """`links(address)`: those mailed there, oldest first."""
    return lambda to: [
        link for mail in outbox.to(to) if (link := link_in(body(mail, "plain"))) is not None
    ]
