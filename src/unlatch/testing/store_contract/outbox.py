"""Promises about mails as the sender meets them: claimed, minted, sent, postponed, given up."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from unlatch.core.kinds import Purpose
from unlatch.core.ports import Stores
from unlatch.core.records import Mail
from unlatch.core.times import MINUTE
from unlatch.testing.store_contract.making import (
    BINDING,
    NOW,
    a_mail,
    an_account,
    at_once,
    kept,
)

LEASE = 5 * MINUTE


class OutboxPromises:
    def test_a_due_mail_is_claimed_for_a_time(self, stores: Stores) -> None:
        mail = a_mail(None)
        kept(stores, mail)

        claimed = replace(mail, lease_until=NOW + LEASE, deliveries=1)
        assert _claim(stores) == claimed
        assert stores.mails.find(mail.id) == claimed
        assert _claim(stores, now=NOW + LEASE - 1) is None

    def test_it_is_claimed_again_when_the_time_is_over(self, stores: Stores) -> None:
        mail = a_mail(None)
        kept(stores, mail)
        _claim(stores)

        again = _claim(stores, now=NOW + LEASE)

        assert again == replace(mail, lease_until=NOW + 2 * LEASE, deliveries=2)

    def test_the_earliest_due_is_claimed_first(self, stores: Stores) -> None:
        mails = [a_mail(None, binding_hash=bytes([age]), due_at=NOW - age) for age in range(3)]
        kept(stores, *mails)

        claimed = [_claim(stores) for _ in range(4)]

        assert [one.id if one else None for one in claimed] == [
            *(mail.id for mail in reversed(mails)),
            None,
        ]

    def test_what_is_not_due_is_not_claimed(self, stores: Stores) -> None:
        used = a_mail(None, Purpose.CONFIRM)
        kept(
            stores,
            used,
            a_mail(None, binding_hash=b"later", due_at=NOW + 1),
            a_mail(None, binding_hash=b"killed", killed_at=NOW),
            a_mail(None, binding_hash=b"expired", expires_at=NOW),
            a_mail(None, binding_hash=b"sent", sent_at=NOW),
        )
        with stores.unit() as unit:
            unit.mails.spend(used.id, now=NOW)

        assert _claim(stores) is None

    def test_two_senders_never_hold_one_mail(self, stores: Stores) -> None:
        mails = [a_mail(None, binding_hash=bytes([number])) for number in range(40)]
        kept(stores, *mails)

        results = at_once(8, lambda _: _claim_all(stores))

        claimed = [mail_id for ids in results if isinstance(ids, list) for mail_id in ids]
        assert sorted(claimed) == sorted(mail.id for mail in mails)

    def test_hashes_are_written_into_a_claimed_mail(self, stores: Stores) -> None:
        kept(stores, a_mail(None))
        mail = _claimed(stores)

        assert stores.mails.mint(mail, link_hash=None, code_hash="code", now=NOW)
        assert stores.mails.mint(mail, link_hash="link", code_hash="code 2", now=NOW)

        assert stores.mails.find(mail.id) == replace(mail, link_hash="link", code_hash="code 2")

    def test_no_hashes_are_written_once_the_claim_is_lost(self, stores: Stores) -> None:
        """A slow sender must not replace the secrets that another has just sent."""
        kept(stores, a_mail(None))
        slow = _claimed(stores)

        assert not _mint(stores, slow, now=NOW + LEASE)
        other = _claimed(stores, now=NOW + LEASE)
        assert not _mint(stores, slow, now=NOW + LEASE)

        assert stores.mails.find(other.id) == other

    def test_no_hashes_are_written_into_a_spent_killed_or_expired_mail(
        self, stores: Stores
    ) -> None:
        spent, killed = a_mail(None), a_mail(None, Purpose.CONFIRM)
        expired = a_mail(None, Purpose.FRESH, expires_at=NOW + 10)
        kept(stores, spent, killed, expired)
        claimed = {mail.id: mail for mail in iter(lambda: _claim(stores), None)}
        with stores.unit() as unit:
            unit.mails.spend(spent.id, now=NOW)
        kept(stores, a_mail(None, Purpose.CONFIRM))

        assert not _mint(stores, claimed[spent.id])
        assert not _mint(stores, claimed[killed.id])
        assert not _mint(stores, claimed[expired.id], now=NOW + 10)

    def test_a_mail_that_is_handed_over_is_never_claimed_again(self, stores: Stores) -> None:
        kept(stores, a_mail(None))
        mail = _claimed(stores)

        assert stores.mails.hand_over(mail, now=NOW + 3)

        assert stores.mails.find(mail.id) == replace(mail, sent_at=NOW + 3)
        assert _claim(stores, now=NOW + LEASE) is None

    def test_no_mail_is_handed_over_twice(self, stores: Stores) -> None:
        kept(stores, a_mail(None))
        mail = _claimed(stores)

        handed = at_once(4, lambda _: stores.mails.hand_over(mail, now=NOW))

        assert sorted(handed, key=str) == [False, False, False, True]

    def test_only_the_holder_of_a_claim_hands_over(self, stores: Stores) -> None:
        kept(stores, a_mail(None))
        slow = _claimed(stores)

        assert not stores.mails.hand_over(slow, now=NOW + LEASE)
        other = _claimed(stores, now=NOW + LEASE)
        assert not stores.mails.hand_over(slow, now=NOW + LEASE)

        assert stores.mails.hand_over(other, now=NOW + LEASE)

    def test_a_spent_killed_or_expired_mail_is_not_handed_over(self, stores: Stores) -> None:
        spent, killed = a_mail(None), a_mail(None, Purpose.CONFIRM)
        expired = a_mail(None, Purpose.FRESH, expires_at=NOW + 10)
        kept(stores, spent, killed, expired)
        claimed = {mail.id: mail for mail in iter(lambda: _claim(stores), None)}
        with stores.unit() as unit:
            unit.mails.spend(spent.id, now=NOW)
        kept(stores, a_mail(None, Purpose.CONFIRM))

        assert not stores.mails.hand_over(claimed[spent.id], now=NOW)
        assert not stores.mails.hand_over(claimed[killed.id], now=NOW)
        assert not stores.mails.hand_over(claimed[expired.id], now=NOW + 10)

    def test_a_mail_that_was_not_taken_after_all_is_due_again(self, stores: Stores) -> None:
        kept(stores, a_mail(None))
        mail = _claimed(stores)
        stores.mails.hand_over(mail, now=NOW)

        stores.mails.postpone(mail, until=NOW + 20)

        assert _claimed(stores, now=NOW + 20).sent_at is None

    def test_a_postponed_mail_is_due_at_its_new_time(self, stores: Stores) -> None:
        kept(stores, a_mail(None))
        mail = _claimed(stores)

        stores.mails.postpone(mail, until=NOW + 20)

        assert _claim(stores, now=NOW + 19) is None
        assert _claimed(stores, now=NOW + 20).deliveries == 2

    def test_only_the_holder_of_a_claim_gives_it_back(self, stores: Stores) -> None:
        kept(stores, a_mail(None))
        slow = _claimed(stores)
        other = _claimed(stores, now=NOW + LEASE)

        stores.mails.postpone(slow, until=NOW)

        assert stores.mails.find(other.id) == other

    def test_a_claim_is_released_by_its_end(self, stores: Stores) -> None:
        """Which is all that is known of it where nobody heard that it was made."""
        kept(stores, a_mail(None))
        mail = _claimed(stores)

        assert stores.mails.release(NOW + LEASE)

        assert stores.mails.find(mail.id) == replace(mail, lease_until=0)
        assert _claimed(stores).id == mail.id

    def test_nothing_but_that_claim_is_released(self, stores: Stores) -> None:
        """Not another sender's, whose mail may be on its way."""
        mails = [a_mail(None, binding_hash=bytes([age]), due_at=NOW - age) for age in range(3)]
        kept(stores, *mails)
        others = _claimed(stores, now=NOW - 1), _claimed(stores, now=NOW + 1)

        assert not stores.mails.release(NOW + LEASE)

        assert [stores.mails.find(one.id) for one in others] == list(others)
        assert stores.mails.find(mails[0].id) == mails[0]

    def test_who_lost_a_claim_by_a_release_hands_nothing_over(self, stores: Stores) -> None:
        """Two senders may claim at the same microsecond, and one of them release."""
        kept(stores, a_mail(None))
        slow = _claimed(stores)
        stores.mails.release(NOW + LEASE)

        assert not _mint(stores, slow)
        assert not stores.mails.hand_over(slow, now=NOW)
        other = _claimed(stores, now=NOW + 1)
        assert not _mint(stores, slow)
        assert not stores.mails.hand_over(slow, now=NOW)

        assert stores.mails.hand_over(other, now=NOW + 1)

    def test_a_mail_that_is_handed_over_is_not_released(self, stores: Stores) -> None:
        kept(stores, a_mail(None))
        mail = _claimed(stores)
        stores.mails.hand_over(mail, now=NOW)

        assert not stores.mails.release(NOW + LEASE)

        assert stores.mails.find(mail.id) == replace(mail, sent_at=NOW)

    def test_a_mail_is_handed_over_or_released(self, stores: Stores) -> None:
        """However close the two come: who hands over must not see it go to another."""
        for now in range(NOW, NOW + 10):
            kept(stores, a_mail(None, binding_hash=now.to_bytes(8)))
            mail = _claimed(stores, now=now)
            hand_over = partial(stores.mails.hand_over, mail, now=now)
            both = hand_over, partial(stores.mails.release, now + LEASE)

            handed, released = at_once(2, partial(_nth, both))

            assert {handed, released} == {True, False}
            assert (_claim(stores, now=now) is not None) is released

    def test_a_mail_given_up_is_never_claimed_again_and_takes_tries_as_before(
        self, stores: Stores
    ) -> None:
        kept(stores, a_mail(None))
        mail = _claimed(stores)

        stores.mails.give_up(mail)

        for now in (NOW + LEASE, mail.expires_at - 1, mail.expires_at, mail.expires_at + LEASE):
            assert _claim(stores, now=now) is None
        tried = stores.mails.spend_try(
            mail.id, purpose=mail.purpose, binding_hash=BINDING, limit=5, now=NOW, by_code=True
        )
        assert tried is not None
        assert tried.attempts == 1

    def test_only_mails_that_could_still_be_spent_are_live(self, stores: Stores) -> None:
        """Minted, pending, asked by a strange browser; a notice is none."""
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob)
        for number, account in enumerate((ada, ada, bob)):
            kept(stores, a_mail(account, binding_hash=bytes([number])))
            _mint(stores, _claimed(stores))
        for aside in (
            a_mail(ada, known_browser=True, binding_hash=b"known"),
            a_mail(ada, Purpose.PASSKEY_ADDED),
        ):
            kept(stores, aside)
            _mint(stores, _claimed(stores))
        kept(stores, a_mail(ada, binding_hash=b"not minted"))

        assert stores.mails.live(ada.id, now=NOW) == 2
        assert stores.mails.live(bob.id, now=NOW) == 1
        assert stores.mails.live(ada.id, now=NOW + 10 * MINUTE) == 0

    def test_the_oldest_that_waits_is_known_by_when_it_was_asked_for(self, stores: Stores) -> None:
        """Also while a sender has it, and while it waits for its next try; not once it left, was
        given up or can be spent no more.
        """
        assert stores.mails.oldest_unsent(now=NOW) is None
        for age in (1, 2, 3, 4):
            kept(stores, a_mail(None, binding_hash=bytes([age]), asked_at=NOW - age, due_at=-age))
        left, given_up, postponed = (_claimed(stores) for _ in range(3))
        assert stores.mails.hand_over(left, now=NOW)
        stores.mails.give_up(given_up)

        assert stores.mails.oldest_unsent(now=NOW) == NOW - 2
        stores.mails.postpone(postponed, until=NOW + MINUTE)
        assert stores.mails.oldest_unsent(now=NOW) == NOW - 2
        _claimed(stores)
        assert stores.mails.hand_over(_claimed(stores, now=NOW + MINUTE), now=NOW + MINUTE)
        assert stores.mails.oldest_unsent(now=NOW) == NOW - 1
        assert stores.mails.oldest_unsent(now=NOW + 10 * MINUTE) is None

    def test_what_is_gone_can_be_told_about_without_harm(self, stores: Stores) -> None:
        """The sender may be slower than the sweep."""
        mail = a_mail(None)

        assert not stores.mails.hand_over(mail, now=NOW)
        stores.mails.postpone(mail, until=NOW)
        stores.mails.give_up(mail)

        assert not _mint(stores, mail)
        assert stores.mails.find(mail.id) is None


def _claim(stores: Stores, *, now: int = NOW) -> Mail | None:
    return stores.mails.claim(now=now, lease=LEASE)


def _claimed(stores: Stores, *, now: int = NOW) -> Mail:
    mail = _claim(stores, now=now)
    assert mail is not None
    return mail


def _claim_all(stores: Stores) -> list[str]:
    return [mail.id for mail in iter(lambda: _claim(stores), None)]


def _nth(works: tuple[Callable[[], bool], ...], number: int) -> bool:
    return works[number]()


def _mint(stores: Stores, mail: Mail, *, now: int = NOW) -> bool:
    return stores.mails.mint(mail, link_hash="link", code_hash="code", now=now)
