"""Promises about sessions: begun, found, listed, ended."""

from dataclasses import replace

import pytest

from unlatch.core.kinds import Method
from unlatch.core.ports import Stores
from unlatch.core.records import LiveSession
from unlatch.errors import CeremonyGone, NotSignedIn
from unlatch.testing.store_contract.making import (
    IDLE,
    NOW,
    Meeting,
    a_passkey,
    a_session,
    an_account,
    at_once,
    kept,
)


class SessionPromises:
    def test_a_session_comes_back_with_its_account(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(
            ada,
            method=Method.PASSKEY,
            passkey_id="p",
            proof_method=Method.PASSKEY,
            proof_passkey_id="p",
        )
        kept(stores, ada, session)

        found = stores.sessions.find(session.token_hash, now=NOW, idle=IDLE)

        assert found == LiveSession(session=session, account=ada)

    def test_an_unknown_token_opens_nothing(self, stores: Stores) -> None:
        assert stores.sessions.find(b"unknown", now=NOW, idle=IDLE) is None

    def test_an_expired_session_counts_no_more(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(ada, expires_at=NOW + 10)
        kept(stores, ada, session)

        assert stores.sessions.find(session.token_hash, now=NOW + 9, idle=IDLE)
        assert not stores.sessions.find(session.token_hash, now=NOW + 10, idle=IDLE)

    def test_an_idle_session_counts_no_more(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(ada)
        kept(stores, ada, session)

        assert stores.sessions.find(session.token_hash, now=NOW + IDLE, idle=IDLE)
        assert not stores.sessions.find(session.token_hash, now=NOW + IDLE + 1, idle=IDLE)

    def test_a_session_of_a_disabled_account_counts_no_more(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(ada)
        kept(stores, ada, session)
        with stores.unit() as unit:
            unit.accounts.disable(ada.id, now=NOW)

        assert stores.sessions.find(session.token_hash, now=NOW, idle=IDLE) is None
        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == []

    def test_sessions_that_count_come_most_recently_seen_first(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        first, last = a_session(ada, "first", last_seen_at=NOW - 2), a_session(ada, "last")
        kept(stores, ada, bob, first, last, a_session(bob))
        kept(stores, a_session(ada, "expired", expires_at=NOW))
        kept(stores, a_session(ada, "idle", last_seen_at=NOW - IDLE - 1))

        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == [last, first]

    def test_a_touch_tells_when_a_session_was_last_seen(self, stores: Stores) -> None:
        ada = an_account()
        session, other = a_session(ada), a_session(ada, "other")
        kept(stores, ada, session, other)

        stores.sessions.touch(session.token_hash, now=NOW + 5)
        stores.sessions.touch(b"unknown", now=NOW + 5)

        assert stores.sessions.of(ada.id, now=NOW + 5, idle=IDLE) == [
            replace(session, last_seen_at=NOW + 5),
            other,
        ]

    def test_a_late_touch_does_not_turn_time_back(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(ada)
        kept(stores, ada, session)

        stores.sessions.touch(session.token_hash, now=NOW - 1)

        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == [session]

    def test_a_session_begins_only_on_an_enabled_account(self, stores: Stores) -> None:
        shut = an_account("Shut", disabled_at=NOW)
        kept(stores, shut)

        for account in (shut, an_account("Nobody")):
            with pytest.raises(NotSignedIn):
                kept(stores, a_session(account))

    def test_none_that_begins_meanwhile_outlives_the_disabling(self, stores: Stores) -> None:
        """It would count again on the day on which the account is enabled."""
        meeting = Meeting()
        ada = an_account()
        kept(stores, ada)

        def begin_or_disable(number: int) -> None:
            with stores.unit() as unit:
                if number:
                    unit.sessions.add(a_session(ada))
                else:
                    unit.accounts.disable(ada.id, now=NOW)
                meeting.wait()
                if not number:
                    unit.sessions.end_all(ada.id)

        at_once(2, begin_or_disable)

        with stores.unit() as unit:
            assert unit.sessions.end_all(ada.id) == 0

    def test_who_begins_one_is_told_how_many_others_there_are(self, stores: Stores) -> None:
        """The expired included."""
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob, a_session(bob), a_session(ada, "old", expires_at=NOW - 1))

        for others in (1, 2):
            with stores.unit() as unit:
                assert unit.sessions.add(a_session(ada, f"{others}")) == others

    def test_one_ceremony_makes_one_session(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob, a_session(ada, ceremony_id=b"one"))

        with pytest.raises(CeremonyGone):
            kept(stores, a_session(bob, ceremony_id=b"one"))

    def test_of_many_sessions_from_one_ceremony_one_begins(self, stores: Stores) -> None:
        ada = an_account()
        kept(stores, ada)

        results = at_once(
            8, lambda number: kept(stores, a_session(ada, f"{number}", ceremony_id=b"one"))
        )

        assert results.count(None) == 1
        assert sum(isinstance(one, CeremonyGone) for one in results) == 7

    def test_only_an_accounts_own_session_is_ended_by_its_id(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        session, other = a_session(ada), a_session(ada, "other")
        kept(stores, ada, bob, session, other)

        with stores.unit() as unit:
            assert not unit.sessions.end_one(bob.id, session.id)
        assert stores.sessions.find(session.token_hash, now=NOW, idle=IDLE)

        with stores.unit() as unit:
            assert unit.sessions.end_one(ada.id, session.id)
            assert not unit.sessions.end_one(ada.id, session.id)
        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == [other]

    def test_sessions_that_a_passkey_began_end_but_for_one(self, stores: Stores) -> None:
        ada = an_account()
        passkey = a_passkey(ada)
        current, second = (a_session(ada, name, passkey_id=passkey.id) for name in "ab")
        by_mail = a_session(ada, "by mail", proof_passkey_id=passkey.id)
        kept(stores, ada, passkey, current, second, by_mail)

        with stores.unit() as unit:
            ended = unit.sessions.end_begun_by(passkey.id, except_token_hash=current.token_hash)

        assert ended == 1
        assert stores.sessions.find(second.token_hash, now=NOW, idle=IDLE) is None
        assert len(stores.sessions.of(ada.id, now=NOW, idle=IDLE)) == 2

    def test_all_sessions_of_an_account_can_be_ended(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob, a_session(ada), a_session(ada, "second"), a_session(bob))

        with stores.unit() as unit:
            assert unit.sessions.end_all(ada.id) == 2

        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == []
        assert len(stores.sessions.of(bob.id, now=NOW, idle=IDLE)) == 1

    def test_the_least_recently_seen_end_beyond_so_many(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        mine = [a_session(ada, f"{age}", last_seen_at=NOW - age) for age in range(5)]
        kept(stores, ada, bob, *mine, a_session(bob, last_seen_at=1))

        with stores.unit() as unit:
            assert unit.sessions.end_beyond(ada.id, keep=3) == 2
            assert unit.sessions.end_beyond(ada.id, keep=3) == 0

        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == mine[:3]
        assert len(stores.sessions.of(bob.id, now=NOW, idle=NOW)) == 1

    def test_everybodys_sessions_can_be_ended_at_once(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob, a_session(ada), a_session(ada, "phone"), a_session(bob))

        with stores.unit() as unit:
            assert unit.sessions.end_everybodys() == 3
            assert unit.sessions.end_everybodys() == 0

        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == []
        assert stores.sessions.of(bob.id, now=NOW, idle=IDLE) == []

    def test_a_sweep_takes_the_longest_expired_and_no_more_than_asked(self, stores: Stores) -> None:
        ada = an_account()
        oldest, older, old, young = (
            a_session(ada, f"{age}", expires_at=NOW + age) for age in range(4)
        )
        kept(stores, ada, young, old, older, oldest)

        assert stores.sessions.sweep(expired_before=NOW + 3, most=2) == 2
        assert stores.sessions.of(ada.id, now=0, idle=IDLE) == [young, old]
        assert stores.sessions.sweep(expired_before=NOW + 3, most=2) == 1
        assert stores.sessions.of(ada.id, now=0, idle=IDLE) == [young]
