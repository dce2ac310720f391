"""Promises about all that lets somebody in by a passkey, together."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from unlatch.core.ceremonies import mark_time
from unlatch.core.ports import Stores
from unlatch.core.records import Account, Event, Passkey, Session
from unlatch.errors import CeremonyGone, PasskeyRefused, Refused
from unlatch.testing.store_contract.making import (
    IDLE,
    NOW,
    PATIENCE,
    Meeting,
    a_passkey,
    a_session,
    a_use,
    an_account,
    at_once,
    kept,
)

Meanwhile = Callable[[Stores, Account, Passkey], object]


class AdmissionPromises:
    def test_all_of_it_is_written(self, stores: Stores) -> None:
        ada = an_account()
        passkey, other = a_passkey(ada, sign_count=4), a_passkey(ada, "other", sign_count=4)
        kept(stores, ada, passkey, other)
        session = _session(ada, began_at=NOW + 1)

        assert _admit(stores, passkey, session, sign_count=5) == 0

        used = replace(passkey, sign_count=5, backed_up=True, last_used_at=NOW + 1)
        assert {one.id: one for one in stores.passkeys.of(ada.id)} == {
            passkey.id: used,
            other.id: other,
        }
        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == [session]
        assert stores.events.of(ada.id, limit=2) == [_event(session)]
        with pytest.raises(CeremonyGone), stores.unit() as unit:
            unit.ceremonies.spend(session.ceremony_id)

    def test_the_other_sessions_of_the_account_are_counted(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        passkey = a_passkey(ada)
        kept(stores, ada, bob, passkey, a_session(bob))

        counts = [_admit(stores, passkey, _session(ada, f"{number}")) for number in range(3)]

        assert counts == [0, 1, 2]

    def test_of_many_at_once_each_is_told_of_those_before(self, stores: Stores) -> None:
        """Else none would end a session of those that are too many."""
        ada = an_account()
        keys = [a_passkey(ada, f"{number}") for number in range(8)]
        kept(stores, ada, *keys)

        counts = at_once(8, lambda at: _admit(stores, keys[at], _session(ada, f"{at}")))

        assert sorted(counts, key=repr) == list(range(8))

    @pytest.mark.parametrize(
        ("meanwhile", "refusal"),
        [
            pytest.param(
                lambda stores, ada, _: _spend(stores, _session(ada).ceremony_id),
                CeremonyGone,
                id="the ceremony was answered",
            ),
            pytest.param(
                lambda stores, *_: _void(stores), CeremonyGone, id="the ceremony became void"
            ),
            pytest.param(
                lambda stores, ada, _: kept(
                    stores, a_session(ada, ceremony_id=_session(ada).ceremony_id)
                ),
                CeremonyGone,
                id="the ceremony made a session",
            ),
            pytest.param(
                lambda stores, ada, passkey: _remove(stores, ada, passkey),
                PasskeyRefused,
                id="the passkey was removed",
            ),
            pytest.param(
                lambda stores, ada, passkey: _admit_and_remove(stores, ada, passkey),
                CeremonyGone,  # an old answer is told nothing of what its passkey is today
                id="the ceremony was answered and the passkey removed",
            ),
            pytest.param(
                lambda stores, ada, passkey: _admit(
                    stores, passkey, _session(ada, "other"), sign_count=9
                ),
                PasskeyRefused,
                id="the counter moved",
            ),
            pytest.param(
                lambda stores, ada, _: _disable(stores, ada),
                PasskeyRefused,
                id="the account was disabled",
            ),
        ],
    )
    def test_a_refusal_leaves_nothing(
        self, stores: Stores, meanwhile: Meanwhile, refusal: type[Refused]
    ) -> None:
        ada = an_account(confirmed_at=NOW)
        passkey = a_passkey(ada, sign_count=4)
        kept(stores, ada, passkey)
        meanwhile(stores, ada, passkey)
        before = _all_of(stores, ada)

        with pytest.raises(refusal):
            _admit(stores, passkey, _session(ada), sign_count=5)

        assert _all_of(stores, ada) == before
        if refusal is not CeremonyGone:
            _spend(stores, _session(ada).ceremony_id)

    def test_nobody_is_let_in_by_the_passkey_of_another(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        passkey = a_passkey(ada)
        kept(stores, ada, bob, passkey)

        with pytest.raises(PasskeyRefused):
            _admit(stores, replace(passkey, account_id=bob.id), _session(bob))

    def test_of_many_answers_to_one_ceremony_one_is_let_in(self, stores: Stores) -> None:
        """By two passkeys of one account, so that they also meet there."""
        ada = an_account()
        keys = [a_passkey(ada, name) for name in ("phone", "laptop")]
        kept(stores, ada, *keys)

        def answer(ceremony: int, number: int) -> int:
            mark = mark_time(NOW) + ceremony.to_bytes()
            session = _session(ada, f"{ceremony} {number}", ceremony_id=mark)
            return _admit(stores, keys[number % 2], session)

        for ceremony in range(20):
            results = at_once(4, partial(answer, ceremony))

            assert sum(isinstance(one, int) for one in results) == 1
            assert sum(isinstance(one, CeremonyGone) for one in results) == 3

    def test_of_many_uses_of_one_counter_one_is_let_in(self, stores: Stores) -> None:
        ada = an_account()
        passkey = a_passkey(ada, sign_count=4)
        kept(stores, ada, passkey)

        results = at_once(
            8,
            lambda at: _admit(stores, passkey, _session(ada, f"{at}"), sign_count=5 + at),
        )

        assert results.count(0) == 1
        assert sum(isinstance(one, PasskeyRefused) for one in results) == 7
        assert len(stores.sessions.of(ada.id, now=NOW, idle=IDLE)) == 1

    def test_who_waits_for_a_ceremony_keeps_nobody_from_the_account(self, stores: Stores) -> None:
        """Each would wait for the other for ever, or one of them be undone."""
        begun, waits = threading.Event(), Meeting()
        ada = an_account()
        passkey = a_passkey(ada)
        kept(stores, ada, passkey)
        session = _session(ada)

        def answer(number: int) -> None:
            if number:
                begun.wait(PATIENCE)
                _admit(stores, passkey, replace(session, id="again", token_hash=b"a" * 32))
                return
            with stores.unit() as unit:
                unit.ceremonies.spend(session.ceremony_id)
                begun.set()
                waits.wait()
                unit.passkeys.record_use(a_use(passkey), now=NOW)

        first, second = at_once(2, answer)

        assert first is None
        assert isinstance(second, CeremonyGone)

    def test_who_is_let_in_while_the_account_is_disabled_is_not(self, stores: Stores) -> None:
        disabled, came = threading.Event(), Meeting()
        ada = an_account()
        passkey = a_passkey(ada)
        kept(stores, ada, passkey)

        def disable_or_come(number: int) -> None:
            if number:
                disabled.wait(PATIENCE)
                _admit(stores, passkey, _session(ada))
                return
            with stores.unit() as unit:
                unit.accounts.disable(ada.id, now=NOW)
                disabled.set()
                came.wait()
                unit.sessions.end_all(ada.id)

        nothing, refused = at_once(2, disable_or_come)

        assert nothing is None
        assert isinstance(refused, PasskeyRefused)
        with stores.unit() as unit:
            assert unit.sessions.end_all(ada.id) == 0

    def test_two_who_come_at_once_both_get_in(self, stores: Stores) -> None:
        meeting = Meeting()
        ada = an_account()
        keys = [a_passkey(ada, name) for name in ("phone", "laptop")]
        kept(stores, ada, *keys)

        def come(number: int) -> None:
            with stores.unit() as unit:
                session = _session(ada, f"{number}")
                unit.admit(a_use(keys[number]), session, _event(session))
                meeting.wait()
                unit.mails.kill_pending(ada.id, now=NOW)
                unit.accounts.forgive(ada.id)

        assert at_once(2, come) == [None, None]


def _session(account: Account, name: str = "new", **fields: object) -> Session:
    mark = mark_time(NOW) + name.encode()
    return a_session(account, name, **{"ceremony_id": mark} | fields)


def _event(session: Session) -> Event:
    return Event(account_id=session.account_id, kind="signed_in", at=session.began_at)


def _admit(stores: Stores, passkey: Passkey, session: Session, *, sign_count: int = 0) -> int:
    with stores.unit() as unit:
        return unit.admit(a_use(passkey, sign_count=sign_count), session, _event(session))


def _spend(stores: Stores, mark: bytes) -> None:
    with stores.unit() as unit:
        unit.ceremonies.spend(mark)


def _void(stores: Stores) -> None:
    with stores.unit() as unit:
        unit.ceremonies.void(begun_before=NOW + 1)


def _remove(stores: Stores, account: Account, passkey: Passkey) -> None:
    with stores.unit() as unit:
        assert unit.passkeys.remove(account.id, passkey.id)


def _admit_and_remove(stores: Stores, account: Account, passkey: Passkey) -> None:
    _admit(stores, passkey, _session(account), sign_count=5)
    _remove(stores, account, passkey)


def _disable(stores: Stores, account: Account) -> None:
    with stores.unit() as unit:
        unit.accounts.disable(account.id, now=NOW)


def _all_of(stores: Stores, account: Account) -> tuple[object, ...]:
    return (
        stores.passkeys.of(account.id),
        stores.sessions.of(account.id, now=NOW, idle=IDLE),
        stores.events.of(account.id, limit=9),
    )
