"""What nobody can use any more is taken away, in the sender's thread and in small bites."""

import secrets
import threading
from dataclasses import replace

import pytest

from unlatch.core.addresses import UNCONFIRMED_LIFETIME
from unlatch.core.kinds import Method
from unlatch.core.records import Event, Session
from unlatch.core.times import DAY, HOUR, MINUTE
from unlatch.errors import CeremonyGone, StoreError
from unlatch.flask.sender import TryLater, sending, sweeping
from unlatch.flask.sender.sweeping import Sweeper


def _session(account, name, **changes):
    fields = {
        "id": name,
        "token_hash": name.encode(),
        "account_id": account.id,
        "method": Method.EMAIL,
        "passkey_id": None,
        "began_at": 0,
        "proved_at": 0,
        "proof_method": Method.EMAIL,
        "proof_passkey_id": None,
        "ceremony_id": name.encode(),
        "user_agent": "",
        "last_seen_at": 0,
        "expires_at": 0,
    }
    return Session(**(fields | changes))


def _unconfirmed(account, number, *, at):
    return replace(
        account,
        id=f"account {number}",
        username_key=f"name{number}",
        address_key=f"{number}@example.org",
        created_at=at,
        confirmed_at=None,
    )


@pytest.fixture
def sweeper(stores, clock, monkeypatch):
    monkeypatch.setattr(secrets, "randbelow", lambda most: most)
    return Sweeper(stores, clock, events_kept=30 * DAY, breathe=lambda: False)


@pytest.fixture
def begin(stores, anna):
    """`begin(name, expires_at)`: a session of Anna's; gives a way to ask whether it is kept."""
    with stores.unit() as unit:
        unit.accounts.add(anna, stale_before=0)

    def begin(name, expires_at):
        session = _session(anna, name, expires_at=expires_at)
        with stores.unit() as unit:
            unit.sessions.add(session)
        return lambda: stores.sessions.find(session.token_hash, now=0, idle=0) is not None

    return begin


@pytest.fixture
def spend(stores):
    """`spend(begun_at)`: the mark of a ceremony; False if it is kept already."""

    def spend(begun_at):
        try:
            with stores.unit() as unit:
                unit.ceremonies.spend(begun_at.to_bytes(8, "big") + b"mark")
        except CeremonyGone:
            return False
        return True

    return spend


def test_mails_go_an_hour_after_they_expired(sweeper, ask, clock, stores):
    old = ask(expires_at=clock())
    new = ask(expires_at=clock() + 2 * MINUTE)

    clock.now += HOUR + MINUTE
    sweeper.sweep()

    assert stores.mails.find(old.id) is None
    assert stores.mails.find(new.id) is not None


def test_sessions_go_an_hour_after_they_expired(sweeper, begin, clock):
    old_is_kept = begin("old", expires_at=clock())
    new_is_kept = begin("new", expires_at=clock() + 2 * MINUTE)

    clock.now += HOUR + MINUTE
    sweeper.sweep()

    assert not old_is_kept()
    assert new_is_kept()


def test_marks_of_ceremonies_go_after_a_day(sweeper, spend, clock):
    old, new = clock(), clock() + 2 * MINUTE
    assert [spend(old), spend(new)] == [True, True]

    clock.now += DAY + MINUTE
    sweeper.sweep()

    assert [spend(old), spend(new)] == [True, False]


def test_events_go_when_the_settings_say(sweeper, clock, stores):
    with stores.unit() as unit:
        for kind, at in (("old", clock()), ("new", clock() + 2 * MINUTE)):
            unit.events.add(Event(account_id="anna", kind=kind, at=at))

    clock.now += 30 * DAY + MINUTE
    sweeper.sweep()

    assert [one.kind for one in stores.events.of("anna", limit=5)] == ["new"]


def test_accounts_that_nobody_confirmed_go_after_seven_days(sweeper, anna, clock, stores):
    """And those in which somebody is signed in later than that, as many after they were seen."""
    old = replace(anna, confirmed_at=None)
    seen = _unconfirmed(anna, "2", at=clock())
    new = _unconfirmed(anna, "3", at=clock() + 2 * MINUTE)
    with stores.unit() as unit:
        for account in (old, seen, new):
            unit.accounts.add(account, stale_before=0)
        unit.sessions.add(
            _session(seen, "seen", last_seen_at=clock() + 2 * MINUTE, expires_at=clock() + 30 * DAY)
        )

    clock.now += UNCONFIRMED_LIFETIME + MINUTE
    sweeper.sweep()
    left = [stores.accounts.find(one.id) is not None for one in (old, seen, new)]
    clock.now += 2 * MINUTE
    sweeper.sweep()

    assert left == [False, True, True]
    assert [stores.accounts.find(one.id) for one in (seen, new)] == [None, None]


def test_a_bite_of_accounts_is_smaller(sweeper, anna, clock, stores, monkeypatch):
    monkeypatch.setattr(sweeping, "FEW", 2)
    people = [_unconfirmed(anna, f"{number}", at=number) for number in range(5)]
    with stores.unit() as unit:
        for account in people:
            unit.accounts.add(account, stale_before=0)
    clock.now += UNCONFIRMED_LIFETIME

    left = []
    for _ in range(3):
        sweeper.sweep()
        left.append(sum(stores.accounts.find(one.id) is not None for one in people))

    assert left == [3, 1, 0]


def test_it_is_done_once_a_minute_however_often_it_is_asked(sweeper, begin, clock):
    clock.now += MINUTE
    sweeper.sweep()
    is_kept = begin("old", expires_at=1)

    clock.now += MINUTE - 1
    sweeper.sweep()
    assert is_kept()

    clock.now += 1
    sweeper.sweep()
    assert not is_kept()


def test_what_a_bite_left_the_next_round_takes(sweeper, begin, clock, monkeypatch):
    monkeypatch.setattr(sweeping, "BITE", 2)
    kept_ones = [begin(str(age), expires_at=age) for age in range(5)]
    clock.now += MINUTE

    left = []
    for _ in range(3):
        sweeper.sweep()
        left.append(sum(is_kept() for is_kept in kept_ones))

    assert left == [3, 1, 0]


def test_what_cannot_be_swept_is_tried_again_a_minute_later(
    sweeper, begin, clock, stores, monkeypatch
):
    """And not after the next mail: a table that somebody has locked must not slow down all mail."""

    def locked(**_):
        raise StoreError("locked")

    is_kept = begin("old", expires_at=1)
    clock.now += MINUTE
    with monkeypatch.context() as patched:
        patched.setattr(stores.mails, "sweep", locked)
        with pytest.raises(StoreError):
            sweeper.sweep()
        sweeper.sweep()

    clock.now += MINUTE
    sweeper.sweep()
    assert not is_kept()


def test_who_signs_in_waits_for_one_bite_at_most(stores, begin, spend, clock):
    """Between two of them nothing is held, and there is time for whoever waits."""
    begin("old", expires_at=1)
    spend(1)
    signed_in = []

    def breathe():
        waiting = threading.Thread(
            target=lambda: signed_in.append(begin(f"{len(signed_in)}", expires_at=clock() + DAY))
        )
        waiting.start()
        waiting.join(5)

    sweeper = Sweeper(stores, clock, events_kept=DAY, breathe=breathe)
    clock.now += 2 * DAY
    sweeper.sweep()

    assert [is_kept() for is_kept in signed_in] == [True, True]


def test_the_senders_thread_sweeps(make_sender, begin, clock, stores, monkeypatch):
    swept = threading.Event()

    def last(**_):
        swept.set()
        return 0

    monkeypatch.setattr(stores.ceremonies, "sweep", last)
    sender = make_sender(None, worker="thread", polling=60)
    is_kept = begin("old", expires_at=1)
    clock.now += MINUTE

    sender.wake()

    assert swept.wait(5)
    sender.stop()
    assert not is_kept()


@pytest.fixture
def hurried(monkeypatch):
    """Bites are of two rows, and no breath is taken between them."""
    monkeypatch.setattr(sweeping, "BITE", 2)
    monkeypatch.setattr(sending, "BREATH", 0)


def test_a_backlog_is_gone_without_waiting_for_the_next_round(
    make_sender, begin, clock, stores, hurried, monkeypatch
):
    """Two seconds pass between rounds, in which as many rows may grow old as a bite takes."""
    kept_ones = [begin(str(age), expires_at=age) for age in range(5)]
    swept, sweep = threading.Event(), stores.sessions.sweep

    def bite(**how):
        taken = sweep(**how)
        if not taken:
            swept.set()
        return taken

    monkeypatch.setattr(stores.sessions, "sweep", bite)
    sender = make_sender(None, worker="thread", polling=60)
    clock.now += MINUTE

    sender.wake()

    assert swept.wait(5)
    sender.stop()
    assert not any(is_kept() for is_kept in kept_ones)


def test_a_backlog_lets_mails_go_first(
    make_sender, spend, ask, clock, stores, hurried, monkeypatch
):
    """One that is asked for while there is more to sweep leaves before that."""
    done, all_done, sweep = [], threading.Event(), stores.ceremonies.sweep

    def bite(**how):
        taken = sweep(**how)
        done.append(taken)
        if len(done) == 1:
            ask()
        if not taken:
            all_done.set()
        return taken

    class Post:
        def send(self, message):
            done.append("mail")

    for age in range(3):
        spend(age)
    monkeypatch.setattr(stores.ceremonies, "sweep", bite)
    sender = make_sender(Post(), worker="thread", polling=60)
    clock.now += MINUTE

    sender.wake()

    assert all_done.wait(5)
    sender.stop()
    assert done == [2, "mail", 1, 0]


def test_who_sweeps_a_backlog_stops_when_told(
    make_sender, spend, ask, clock, stores, hurried, monkeypatch
):
    """After the bite at hand: nobody waits for what is left, of that kind or another, nor for a
    mail.
    """
    done: list[str] = []
    threads: list[threading.Thread] = []
    was_told, sweep = threading.Event(), stores.ceremonies.sweep

    class Post:
        def send(self, message):
            done.append("mail")

    def bite(**how):
        done.append("marks")
        ask()
        sender.stop()
        threads.append(threading.current_thread())
        was_told.set()
        return sweep(**how)

    def next_bite(**_):
        done.append("events")
        return 0

    for age in range(5):
        spend(age)
    monkeypatch.setattr(stores.ceremonies, "sweep", bite)
    monkeypatch.setattr(stores.events, "sweep", next_bite)
    sender = make_sender(Post(), worker="thread", polling=60)
    clock.now += MINUTE

    sender.wake()

    assert was_told.wait(5)
    threads[0].join(5)
    assert not sender.running
    assert done == ["marks"]


def test_a_mail_server_that_says_nothing_keeps_nobody_from_sweeping(
    make_sender, ask, clock, stores
):
    """A dozen mails, a minute for each: one of them is always due."""
    old = ask(expires_at=clock() - HOUR)
    kept, all_were_tried = [], threading.Event()

    class Silent:
        def send(self, message):
            clock.now += MINUTE
            kept.append(stores.mails.find(old.id) is not None)
            if len(kept) == 5:
                all_were_tried.set()
            raise TryLater("nothing was said")

    for _ in range(5):
        ask()
    sender = make_sender(Silent(), worker="thread", polling=60)
    sender.wake()

    assert all_were_tried.wait(5)
    sender.stop()
    assert kept[:2] == [True, False]
