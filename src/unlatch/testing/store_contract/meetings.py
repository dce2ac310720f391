"""Promises about transactions of one account that meet: each waits for the other's end, and none
for something that the other waits for, which would undo one of them.
"""

import threading
from dataclasses import replace

import pytest

from unlatch.core.ceremonies import mark_time
from unlatch.core.ports import Stores
from unlatch.errors import AddressTaken, CeremonyGone, MailGone, UsernameTaken
from unlatch.testing.store_contract.making import (
    BINDING,
    IDLE,
    NOW,
    OTHER_BINDING,
    PATIENCE,
    Meeting,
    a_mail,
    a_passkey,
    a_session,
    a_use,
    an_account,
    at_once,
    kept,
)


class MeetingPromises:
    def test_two_who_sign_in_at_once_both_get_in(self, stores: Stores) -> None:
        meeting = Meeting()
        ada = an_account()
        keys = [a_passkey(ada, name) for name in ("phone", "laptop")]
        kept(stores, ada, *keys)

        def sign_in(number: int) -> None:
            with stores.unit() as unit:
                unit.passkeys.record_use(a_use(keys[number]), now=NOW)
                unit.sessions.add(a_session(ada, f"{number}"))
                meeting.wait()
                unit.mails.kill_pending(ada.id, now=NOW)
                unit.accounts.forgive(ada.id)

        assert at_once(2, sign_in) == [None, None]

    def test_of_two_mails_of_an_account_used_at_once_one_is_accepted(self, stores: Stores) -> None:
        """Each voids the other."""
        meeting = Meeting()
        ada = an_account()
        mails = [a_mail(ada, binding_hash=binding) for binding in (BINDING, OTHER_BINDING)]
        kept(stores, ada, *mails)

        def sign_in(number: int) -> None:
            with stores.unit() as unit:
                unit.mails.spend(mails[number].id, now=NOW)
                meeting.wait()
                unit.sessions.add(a_session(ada, f"{number}"))
                unit.mails.kill_pending(ada.id, now=NOW)

        results = at_once(2, sign_in)

        assert results.count(None) == 1
        assert [type(one) for one in results if one is not None] == [MailGone]

    def test_who_tries_codes_keeps_nobody_from_signing_in(self, stores: Stores) -> None:
        begun, tried = threading.Event(), Meeting()
        ada = an_account()
        mail = a_mail(ada)
        kept(stores, ada, mail)

        def sign_in_or_try(number: int) -> None:
            if number:
                begun.wait(PATIENCE)
                stores.mails.spend_try(
                    mail.id,
                    purpose=mail.purpose,
                    binding_hash=mail.binding_hash,
                    limit=5,
                    now=NOW,
                    by_code=True,
                )
                return tried.wait()
            with stores.unit() as unit:
                unit.sessions.add(a_session(ada))
                begun.set()
                tried.wait()
                unit.mails.kill_pending(ada.id, now=NOW)
            return None

        assert at_once(2, sign_in_or_try) == [None, None]

    def test_who_asks_for_mails_keeps_no_address_from_being_corrected(self, stores: Stores) -> None:
        """And what is asked for meanwhile comes after, to the new address."""
        changed, asked = threading.Event(), Meeting()
        ada = an_account()
        older, newer = a_mail(ada), a_mail(ada)
        kept(stores, ada, older)

        def correct_or_ask(number: int) -> None:
            if number:
                changed.wait(PATIENCE)
                kept(stores, newer)
                return asked.wait()
            with stores.unit() as unit:
                assert unit.accounts.change_unconfirmed_address(
                    ada.id, address="a@b.example", address_key="a@b.example", stale_before=0
                )
                changed.set()
                asked.wait()
                unit.mails.kill_pending(ada.id, now=NOW)
            return None

        assert at_once(2, correct_or_ask) == [None, None]
        found = [stores.mails.find(mail.id) for mail in (older, newer)]
        assert [mail and mail.killed_at for mail in found] == [NOW, None]

    @pytest.mark.parametrize("by_mail", [False, True])
    def test_what_is_under_way_when_all_is_voided_is_void_too(
        self, stores: Stores, by_mail: bool
    ) -> None:
        """A session that is about to be written would come too late to be ended with the rest."""
        begun, voided = threading.Event(), Meeting()
        ada = an_account()
        mail = a_mail(ada)
        kept(stores, ada, mail)

        def sign_in_or_void(number: int) -> None:
            if number:
                begun.wait(PATIENCE)
                with stores.unit() as unit:
                    unit.ceremonies.void(begun_before=NOW)
                    unit.sessions.end_everybodys()
                    unit.mails.forget_everybodys()
                return voided.wait()
            with stores.unit() as unit:
                if by_mail:
                    unit.mails.spend(mail.id, now=NOW)
                else:
                    unit.ceremonies.spend(mark_time(NOW - 1) + b"of a phone")
                begun.set()
                unit.sessions.add(a_session(ada))
                voided.wait()
            return None

        signed_in, *others = at_once(2, sign_in_or_void)

        assert signed_in is None or isinstance(signed_in, CeremonyGone | MailGone)
        assert others == [None]
        assert stores.sessions.of(ada.id, now=NOW, idle=IDLE) == []

    @pytest.mark.parametrize("corrects", [False, True])
    def test_who_comes_back_keeps_the_account_that_somebody_wants_the_names_of(
        self, stores: Stores, corrects: bool
    ) -> None:
        """It was given up, nearly: nobody had been seen in it for long."""
        begun, wanted = threading.Event(), Meeting()
        ada, bob = an_account(created_at=1), an_account("Bob")
        kept(stores, ada, bob)
        namesake = replace(ada, id="other", created_at=NOW)

        def come_back_or_want(number: int) -> None:
            if not number:
                with stores.unit() as unit:
                    unit.sessions.add(a_session(ada))
                    begun.set()
                    wanted.wait()
                return
            begun.wait(PATIENCE)
            with stores.unit() as unit:
                if corrects:
                    unit.accounts.change_unconfirmed_address(
                        bob.id, address="", address_key=ada.address_key, stale_before=NOW - 1
                    )
                else:
                    unit.accounts.add(namesake, stale_before=NOW - 1)

        back, turned_away = at_once(2, come_back_or_want)

        assert back is None
        assert isinstance(turned_away, AddressTaken | UsernameTaken)
        assert stores.accounts.find(ada.id) == ada
        assert len(stores.sessions.of(ada.id, now=NOW, idle=IDLE)) == 1
