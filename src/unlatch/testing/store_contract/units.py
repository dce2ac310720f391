"""Promises about transactions."""

import threading
from collections.abc import Callable

import pytest

from unlatch.core.ports import Stores, Unit
from unlatch.core.records import Account, Event
from unlatch.errors import (
    CeremonyGone,
    MailGone,
    NotSignedIn,
    PasskeyExists,
    Refused,
    UsernameTaken,
)
from unlatch.testing.store_contract.making import (
    IDLE,
    NOW,
    PATIENCE,
    a_mail,
    a_passkey,
    a_session,
    an_account,
    at_once,
    kept,
)


class _NotOurs(BaseException):
    """Something like a KeyboardInterrupt."""


class UnitPromises:
    def test_a_unit_commits_as_a_whole(self, stores: Stores) -> None:
        ada = an_account()
        passkey, session, mail = a_passkey(ada), a_session(ada), a_mail(ada)

        kept(stores, ada, passkey, session, mail)

        assert stores.accounts.find(ada.id) == ada
        assert stores.passkeys.of(ada.id) == [passkey]
        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == [session]
        assert stores.mails.find(mail.id) == mail

    @pytest.mark.parametrize("error", [CeremonyGone, RuntimeError, _NotOurs])
    def test_a_unit_that_raises_leaves_nothing(
        self, stores: Stores, error: type[BaseException]
    ) -> None:
        ada = an_account("Ada")
        kept(stores, ada)

        def work(unit: Unit) -> None:
            unit.accounts.add(an_account("Bob"), stale_before=0)
            unit.accounts.confirm(ada.id, now=NOW)
            unit.passkeys.add(a_passkey(ada), limit=20)
            unit.sessions.add(a_session(ada))
            unit.mails.ask(a_mail(ada))
            unit.events.add(_event(ada))
            raise error

        _raises(stores, error, work)

        assert stores.accounts.find(ada.id) == ada
        assert stores.accounts.by_username("bob") is None
        assert stores.passkeys.of(ada.id) == []
        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == []
        assert stores.mails.claim(now=NOW, lease=1) is None
        assert stores.events.of(ada.id, limit=1) == []

    def test_what_is_taken_away_comes_back_when_the_rest_fails(self, stores: Stores) -> None:
        ada = an_account()
        passkey, session, mail = a_passkey(ada), a_session(ada), a_mail(ada)
        kept(stores, ada, passkey, session, mail)

        def work(unit: Unit) -> None:
            unit.mails.spend(mail.id, now=NOW)
            unit.passkeys.remove_all(ada.id)
            unit.sessions.end_all(ada.id)
            raise RuntimeError

        _raises(stores, RuntimeError, work)

        assert stores.passkeys.of(ada.id) == [passkey]
        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == [session]
        assert stores.mails.find(mail.id) == mail

    def test_a_refusal_takes_everything_before_it_along(self, stores: Stores) -> None:
        """Whichever statement it came from."""
        ada = an_account()
        passkey, session = a_passkey(ada), a_session(ada)
        kept(stores, ada, passkey, session)
        namesake = an_account("Ada", id="other")
        again = a_session(ada, "other", ceremony_id=session.ceremony_id)
        refused: dict[type[Refused], Callable[[Unit], object]] = {
            UsernameTaken: lambda unit: unit.accounts.add(namesake, stale_before=0),
            PasskeyExists: lambda unit: unit.passkeys.add(passkey, limit=20),
            CeremonyGone: lambda unit: unit.sessions.add(again),
            NotSignedIn: lambda unit: unit.sessions.require(b"ended"),
            MailGone: lambda unit: unit.mails.spend("unknown", now=NOW),
        }

        for refusal, ask in refused.items():
            _raises(stores, refusal, lambda unit: unit.events.add(_event(ada)), ask)

        assert stores.events.of(ada.id, limit=1) == []

    def test_a_unit_is_seen_by_others_only_when_it_is_over(self, stores: Stores) -> None:
        ada = an_account()

        with stores.unit() as unit:
            unit.accounts.add(ada, stale_before=0)
            assert stores.accounts.find(ada.id) is None

        assert stores.accounts.find(ada.id) == ada

    def test_a_second_thread_waits_for_the_first_to_end(self, stores: Stores) -> None:
        """And sees then what the first has written."""
        spent = threading.Event()

        def work(number: int) -> None:
            if number == 1:
                spent.wait(PATIENCE)
            with stores.unit() as unit:
                unit.ceremonies.spend(b"mark")
                spent.set()

        results = at_once(2, work)

        assert results[0] is None
        assert isinstance(results[1], CeremonyGone)

    def test_stores_work_on_after_they_were_closed(self, stores: Stores) -> None:
        """A server may close them between two requests; nothing is lost by it."""
        ada = an_account()
        kept(stores, ada)

        stores.close()

        assert stores.accounts.find(ada.id) == ada


def _event(account: Account) -> Event:
    return Event(account_id=account.id, kind="signed_in", at=NOW)


def _raises(stores: Stores, error: type[BaseException], *steps: Callable[[Unit], object]) -> None:
    def run() -> None:
        with stores.unit() as unit:
            for step in steps:
                step(unit)

    with pytest.raises(error):
        run()
