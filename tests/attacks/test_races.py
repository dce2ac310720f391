"""Fifty at once with one secret: the same link, the same code, both of one mail, the same
answer of a device. Whoever has copied a secret wants to be let in beside its owner.

Below HTTP, where fifty really are at the same statement at once; a new secret each round.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock

import pytest
from crowd import Crowd, crowd, tally
from flask import Flask
from postgres import Postgres

from unlatch.core import passkeys, slow_hash
from unlatch.core.answer import Answer
from unlatch.core.binding import Binding
from unlatch.core.email import SignedInByMail
from unlatch.core.kinds import Purpose
from unlatch.core.mailed import MOST_TRIES, Minted
from unlatch.core.party import RelyingParty
from unlatch.core.passkeys import Begun
from unlatch.core.records import Account, LiveSession, Passkey, Session
from unlatch.core.sessions import MOST_SESSIONS, SignedIn
from unlatch.core.times import MINUTE
from unlatch.core.visitor import Visitor
from unlatch.errors import (
    AddressTaken,
    CeremonyGone,
    LastWayIn,
    MailGone,
    UsernameTaken,
)
from unlatch.gate import Gate
from unlatch.stores.memory.throttle import NoThrottle
from unlatch.stores.sql import postgresql, postgresql_deadline
from unlatch.testing import SoftAuthenticator

pytestmark = pytest.mark.slow

ROUNDS = {"sqlite": 40, "postgresql": 10}
"""Of each of the five, on each database: two hundred, and fifty."""

ORIGIN = "https://acme.example"
PARTY = RelyingParty(id="acme.example", name="Acme Notes", origins=(ORIGIN,))
SOMEBODY = Visitor()


@dataclass
class Site:
    """The rules and the database of a site, and one account in it."""

    gate: Gate
    live: LiveSession
    key: SoftAuthenticator = field(default_factory=lambda: SoftAuthenticator(origin=ORIGIN))

    @property
    def account(self) -> Account:
        return self.live.account

    def sessions(self) -> list[Session]:
        return self.gate.sessions.of(self.live)

    def nobody_is_signed_in(self) -> None:
        with self.gate.stores.unit() as unit:
            unit.sessions.end_all(self.account.id)

    def mailed(self) -> tuple[Binding, Minted, str]:
        """A mail asked for and minted: its browser's binding, its secrets, its id."""
        mails = self.gate.stores.mails
        binding = self.gate.emails.begin_sign_in(
            self.account,
            typed="mira",
            next_path="",
            binding=None,
            party=PARTY,
            visitor=SOMEBODY,
        )
        mail = mails.claim(now=self.gate.clock(), lease=MINUTE)
        assert mail is not None
        minted = self.gate.mailed.mint(mail, with_code=True)
        assert mails.mint(
            mail, link_hash=minted.link_hash, code_hash=minted.code_hash, now=self.gate.clock()
        )
        return binding, minted, mail.id

    def answered(self) -> Callable[[], SignedIn]:
        """A sign-in by passkey, begun and answered: what remains is to finish it."""
        begun = self.gate.passkeys.begin_sign_in(PARTY)
        answer, sealed = _answer(self.key.get, begun)
        return lambda: self.gate.passkeys.finish_sign_in(answer, sealed, PARTY, SOMEBODY)

    def add_passkey(self, key: SoftAuthenticator) -> Passkey:
        return self.made(key)()

    def made(self, key: SoftAuthenticator) -> Callable[[], Passkey]:
        """A passkey begun and made: what remains is to add it."""
        begun = self.gate.passkeys.begin_registration(self.live, PARTY)
        answer, sealed = _answer(key.create, begun)
        return lambda: self.gate.passkeys.finish_registration(
            answer, sealed, PARTY, self.live, SOMEBODY
        )


def _answer(ask: Callable[..., dict[str, object]], begun: Begun) -> tuple[Answer, dict[str, str]]:
    return Answer.read(ask({"publicKey": begun.options})), {begun.cookie_name: begun.sealed}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """What lets one write at a time, and what lets all of them."""
    kind: str = request.param
    return kind


@pytest.fixture
def rounds(database: str) -> range:
    return range(ROUNDS[database])


@pytest.fixture
def site(
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    database: str,
    start_app: Callable[..., Flask],
) -> Site:
    # Of fifty at once all but ten would be turned away before they could race.
    monkeypatch.setattr(slow_hash, "RUNNING", 50)
    # Nor that fifty wait for ten connections, or a busy machine for the one who is first.
    monkeypatch.setattr(postgresql, "_POOL_SECONDS", 30.0)
    monkeypatch.setattr(postgresql, "_SERVER", "")
    monkeypatch.setattr(postgresql_deadline, "STATEMENTS_SECONDS", 30.0)
    monkeypatch.setattr(postgresql_deadline, "COMMIT_SECONDS", 40.0)
    settings = {}
    if database == "postgresql":
        server: Postgres = request.getfixturevalue("patient_postgres")
        settings["UNLATCH_DATABASE_URL"] = server.url(server.fresh())
    gate: Gate = start_app(**settings).extensions["unlatch"].gate
    # Nor is it the limits that should stop them.
    monkeypatch.setattr(gate.limits, "_throttle", NoThrottle())
    signed_in, _ = register(gate)
    with gate.stores.unit() as unit:  # as if the mail of the registration had been used
        unit.mails.kill_pending(signed_in.session.account_id, now=gate.clock())
    live = gate.sessions.resume(signed_in.token)
    assert live is not None
    return Site(gate, live)


@pytest.fixture
def confirmed(site: Site) -> Site:
    """One whose address is proved: a sign-in by mail takes nothing over."""
    with site.gate.stores.unit() as unit:
        assert unit.accounts.confirm(site.account.id, now=site.gate.clock())
    site.add_passkey(site.key)
    mails = site.gate.stores.mails
    while notice := mails.claim(now=site.gate.clock(), lease=MINUTE):
        mails.hand_over(notice, now=site.gate.clock())
    return site


@pytest.fixture
def verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check-lists are pure, so one of the fifty goes through them for all: they meet where
    it counts, and are there at the same moment.
    """
    for name in ("verify_assertion", "verify_registration"):
        monkeypatch.setattr(passkeys, name, _once_for_each_answer(getattr(passkeys, name)))


def _once_for_each_answer(verify: Callable[..., object]) -> Callable[..., object]:
    lock, seen = Lock(), dict[bytes, object]()

    def verified(answer: Answer, *others: object) -> object:
        with lock:
            if answer.challenge not in seen:
                seen[answer.challenge] = verify(answer, *others)
        return seen[answer.challenge]

    return verified


@pytest.fixture
def fifty() -> Iterator[Crowd]:
    with crowd(50) as many:
        yield many


def register(
    gate: Gate, username: str = "mira", email: str = "mira@example.com"
) -> tuple[SignedIn, Binding]:
    return gate.accounts.register(
        name="", username=username, email=email, party=PARTY, visitor=SOMEBODY
    )


def by_link(site: Site, binding: Binding, minted: Minted) -> SignedInByMail:
    assert minted.link_token is not None
    return site.gate.emails.finish_by_link(minted.link_token, binding, SOMEBODY)


def by_code(site: Site, binding: Binding, minted: Minted) -> SignedInByMail:
    assert minted.code is not None
    return site.gate.emails.finish_by_code(minted.code, binding, SOMEBODY)


@pytest.mark.parametrize(
    "ways", [[by_link], [by_code], [by_link, by_code]], ids=["link", "code", "link and code"]
)
def test_fifty_with_one_mail_make_one_session(confirmed, fifty, ways, rounds):
    """And however many come, a mail has five tries."""
    for _ in rounds:
        confirmed.nobody_is_signed_in()
        binding, minted, mail_id = confirmed.mailed()

        results = fifty.at_once(
            lambda number: ways[number % len(ways)](confirmed, binding, minted)  # noqa: B023
        )

        assert tally(results) == {SignedInByMail: 1, MailGone: 49}
        assert [one.ceremony_id for one in confirmed.sessions()] == [mail_id.encode()]
        assert confirmed.gate.stores.mails.find(mail_id).attempts <= MOST_TRIES


def test_fifty_with_one_answer_make_one_session(confirmed, fifty, verified_once, rounds):
    for _ in rounds:
        confirmed.nobody_is_signed_in()
        finish = confirmed.answered()

        results = fifty.at_once(lambda _: finish())  # noqa: B023

        assert tally(results) == {SignedIn: 1, CeremonyGone: 49}
        assert len(confirmed.sessions()) == 1


def test_fifty_with_one_new_passkey_add_one(site, fifty, verified_once, rounds):
    for _ in rounds:
        finish = site.made(SoftAuthenticator(origin=ORIGIN))

        results = fifty.at_once(lambda _: finish())  # noqa: B023

        assert tally(results) == {Passkey: 1, CeremonyGone: 49}
        (added,) = site.gate.keyring.of(site.live)
        assert added in results
        with site.gate.stores.unit() as unit:
            unit.passkeys.remove_all(site.account.id)


def test_twenty_five_sign_ins_at_once_keep_twenty_sessions(confirmed):
    """Each of them right: what is bounded stays so when many come together."""
    confirmed.nobody_is_signed_in()
    finishes = [confirmed.answered() for _ in range(MOST_SESSIONS + 5)]

    with crowd(len(finishes)) as many:
        results = many.at_once(lambda number: finishes[number]())

    assert tally(results) == {SignedIn: len(finishes)}
    assert len(confirmed.sessions()) == MOST_SESSIONS


@pytest.mark.parametrize(
    ("username", "email", "refusal"),
    [
        ("noah", "noah{}@example.com", UsernameTaken),
        ("Noah", "noah{}@example.com", UsernameTaken),
        ("noah{}", "noah@example.com", AddressTaken),
        ("noah{}", "NOAH@EXAMPLE.com", AddressTaken),
    ],
    ids=["username", "username's case", "address", "address's case"],
)
def test_eight_who_want_one_name_get_it_once(site, username, email, refusal):
    with crowd(8) as eight:
        results = eight.at_once(
            lambda number: register(
                site.gate,
                username.format(number) if number else username.format(number).lower(),
                email.format(number) if number else email.format(number).lower(),
            )
        )

    assert tally(results) == {tuple: 1, refusal: 7}
    asked = [site.gate.stores.mails.claim(now=site.gate.clock(), lease=MINUTE) for _ in range(2)]
    assert [one.purpose if one else None for one in asked] == [Purpose.CONFIRM, None]


def test_two_removals_at_once_leave_the_last_way_in(site):
    with crowd(2) as two:
        for _ in range(25):
            both = [site.add_passkey(SoftAuthenticator(origin=ORIGIN)) for _ in range(2)]

            results = two.at_once(
                lambda number: site.gate.keyring.remove(
                    site.live,
                    both[number].id,  # noqa: B023
                    PARTY,
                    SOMEBODY,
                )
            )

            assert tally(results) == {Passkey: 1, LastWayIn: 1}
            assert len(site.gate.keyring.of(site.live)) == 1
            with site.gate.stores.unit() as unit:
                unit.passkeys.remove_all(site.account.id)
