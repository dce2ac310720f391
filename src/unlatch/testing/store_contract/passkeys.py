"""Promises about passkeys."""

from dataclasses import replace

import pytest

from unlatch.core.kinds import Purpose
from unlatch.core.ports import Stores
from unlatch.core.records import Descriptor, KnownPasskey, Named, Passkey
from unlatch.core.times import DAY
from unlatch.errors import (
    LastWayIn,
    NotSignedIn,
    PasskeyExists,
    PasskeyRefused,
    TooManyPasskeys,
)
from unlatch.testing.store_contract.making import (
    NOW,
    OTHER_BINDING,
    Meeting,
    a_mail,
    a_passkey,
    a_use,
    an_account,
    at_once,
    kept,
)


class PasskeyPromises:
    def test_a_passkey_comes_back_with_its_account(self, stores: Stores) -> None:
        ada = an_account()
        passkey = a_passkey(ada, backed_up=True, sign_count=2**32 - 1, last_used_at=NOW)
        kept(stores, ada, passkey)

        assert stores.passkeys.find(passkey.credential_id, now=NOW) == KnownPasskey(
            passkey=passkey, account=ada, has_pending_mail=False
        )

    def test_a_passkey_without_transports_comes_back_so(self, stores: Stores) -> None:
        ada = an_account()
        kept(stores, ada, a_passkey(ada, transports=()))

        assert [one.transports for one in stores.passkeys.of(ada.id)] == [()]

    def test_an_unknown_credential_is_nobodys(self, stores: Stores) -> None:
        assert stores.passkeys.find(b"unknown", now=NOW) is None

    def test_a_disabled_account_is_told_with_its_passkey(self, stores: Stores) -> None:
        """Who asks must see it: the passkey is there, the account shut."""
        ada = an_account()
        passkey = a_passkey(ada)
        kept(stores, ada, passkey)
        with stores.unit() as unit:
            unit.accounts.disable(ada.id, now=NOW)

        assert _known(stores, passkey).account.disabled_at == NOW

    def test_a_mail_that_could_sign_in_is_told_with_the_passkey(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        passkey = a_passkey(ada)
        spent = a_mail(ada, Purpose.CONFIRM)
        kept(
            stores,
            ada,
            bob,
            passkey,
            a_mail(ada, Purpose.FRESH, killed_at=NOW),
            a_mail(ada, binding_hash=b"third", expires_at=NOW),
            a_mail(ada, Purpose.PASSKEY_ADDED, expires_at=NOW + DAY),
            a_mail(bob, binding_hash=b"fourth"),
            a_mail(None, binding_hash=b"fifth"),
            spent,
        )
        with stores.unit() as unit:
            unit.mails.spend(spent.id, now=NOW)

        assert not _known(stores, passkey).has_pending_mail
        kept(stores, a_mail(ada, binding_hash=OTHER_BINDING))
        assert _known(stores, passkey).has_pending_mail

    def test_passkeys_of_an_account_come_oldest_first(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        young, old = a_passkey(ada, "young", added_at=NOW), a_passkey(ada, "old", added_at=1)
        kept(stores, ada, bob, young, old, a_passkey(bob))

        assert stores.passkeys.of(ada.id) == [old, young]

    def test_a_name_tells_whose_it_is_and_of_their_passkeys(self, stores: Stores) -> None:
        """Of the disabled too: what a stranger sees must not change on the day."""
        ada, bob = an_account("Ada"), an_account("Bob")
        one, two = a_passkey(ada), a_passkey(ada, "key", transports=())
        kept(stores, ada, bob, one, two)
        with stores.unit() as unit:
            unit.accounts.disable(ada.id, now=NOW)

        told = [Descriptor(p.credential_id, p.transports) for p in (one, two)]
        for named in (_named(stores, username="ada"), _named(stores, address="ada@example.com")):
            assert named.account_id == ada.id
            assert sorted(named.passkeys, key=lambda p: p.transports, reverse=True) == told
        assert _named(stores, username="bob") == Named(bob.id, [])

    def test_a_name_that_nobody_has_tells_nothing(self, stores: Stores) -> None:
        kept(stores, an_account())
        nobody = Named(None, [])

        assert _named(stores, username="ada@example.com") == nobody
        assert _named(stores, address="ada") == nobody
        assert _named(stores) == nobody

    def test_a_credential_id_is_had_once_whoever_has_it(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        passkey = a_passkey(ada)
        kept(stores, ada, bob, passkey)

        with pytest.raises(PasskeyExists):
            kept(stores, a_passkey(bob, credential_id=passkey.credential_id))

        assert stores.passkeys.of(bob.id) == []

    def test_of_many_who_add_one_credential_one_gets_in(self, stores: Stores) -> None:
        people = [an_account(f"ada{number}") for number in range(8)]
        kept(stores, *people)

        results = at_once(
            8, lambda number: kept(stores, a_passkey(people[number], credential_id=b"one"))
        )

        assert results.count(None) == 1
        assert sum(isinstance(one, PasskeyExists) for one in results) == 7

    def test_an_account_has_no_more_passkeys_than_the_limit(self, stores: Stores) -> None:
        ada = an_account()
        kept(stores, ada)

        def add(number: int) -> None:
            with stores.unit() as unit:
                unit.passkeys.add(a_passkey(ada, f"key {number}"), limit=3)

        results = at_once(8, add)

        assert results.count(None) == 3
        assert sum(isinstance(one, TooManyPasskeys) for one in results) == 5
        assert len(stores.passkeys.of(ada.id)) == 3

    def test_no_passkey_is_added_to_an_absent_or_disabled_account(self, stores: Stores) -> None:
        shut = an_account("Shut", disabled_at=NOW)
        kept(stores, shut)

        for account in (shut, an_account("Nobody")):
            with pytest.raises(NotSignedIn):
                kept(stores, a_passkey(account))

    def test_a_use_is_written_down(self, stores: Stores) -> None:
        ada = an_account()
        passkey = a_passkey(ada, sign_count=4)
        other = a_passkey(ada, "other", sign_count=4)
        kept(stores, ada, passkey, other)

        self._use(stores, passkey, sign_count=5)

        used = replace(passkey, sign_count=5, backed_up=True, last_used_at=NOW + 1)
        assert {one.id: one for one in stores.passkeys.of(ada.id)} == {
            passkey.id: used,
            other.id: other,
        }

    def test_a_use_is_refused_when_the_counter_moved_meanwhile(self, stores: Stores) -> None:
        ada = an_account()
        passkey = a_passkey(ada, sign_count=4)
        kept(stores, ada, passkey)
        self._use(stores, passkey, sign_count=5)

        with pytest.raises(PasskeyRefused):
            self._use(stores, passkey, sign_count=5)

    def test_of_many_uses_of_one_counter_one_is_taken(self, stores: Stores) -> None:
        ada = an_account()
        passkey = a_passkey(ada, sign_count=4)
        kept(stores, ada, passkey)

        results = at_once(8, lambda number: self._use(stores, passkey, sign_count=5 + number))

        assert results.count(None) == 1
        assert sum(isinstance(one, PasskeyRefused) for one in results) == 7

    def test_the_last_way_into_an_unproved_account_stays(self, stores: Stores) -> None:
        meeting = Meeting()
        ada = an_account()
        keys = [a_passkey(ada, name) for name in ("phone", "laptop")]
        kept(stores, ada, *keys)

        def remove(number: int) -> bool:
            with stores.unit() as unit:
                removed = unit.passkeys.remove(ada.id, keys[number].id)
                meeting.wait()
                return removed

        results = at_once(2, remove)

        assert [one for one in results if one is True] == [True]
        assert [type(one) for one in results if one is not True] == [LastWayIn]
        assert len(stores.passkeys.of(ada.id)) == 1

    def test_two_at_once_do_not_both_take_the_last_free_place(self, stores: Stores) -> None:
        meeting = Meeting()
        ada = an_account()
        kept(stores, ada)

        def add(number: int) -> None:
            with stores.unit() as unit:
                unit.passkeys.add(a_passkey(ada, f"{number}"), limit=1)
                meeting.wait()

        results = at_once(2, add)

        assert results.count(None) == 1
        assert len(stores.passkeys.of(ada.id)) == 1

    def test_a_removed_passkey_cannot_be_used(self, stores: Stores) -> None:
        ada = an_account(confirmed_at=NOW)
        passkey = a_passkey(ada)
        kept(stores, ada, passkey)
        with stores.unit() as unit:
            assert unit.passkeys.remove(ada.id, passkey.id)

        with pytest.raises(PasskeyRefused):
            self._use(stores, passkey, sign_count=0)

    def test_a_passkey_of_a_disabled_account_cannot_be_used(self, stores: Stores) -> None:
        ada = an_account()
        passkey = a_passkey(ada)
        kept(stores, ada, passkey)
        with stores.unit() as unit:
            unit.accounts.disable(ada.id, now=NOW)

        with pytest.raises(PasskeyRefused):
            self._use(stores, passkey, sign_count=0)

    def test_nobody_uses_the_passkey_of_another(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        passkey = a_passkey(ada)
        kept(stores, ada, bob, passkey)

        with pytest.raises(PasskeyRefused):
            self._use(stores, replace(passkey, account_id=bob.id), sign_count=0)

    def test_only_an_accounts_own_passkey_is_renamed_or_removed(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        passkey = a_passkey(ada)
        kept(stores, ada, bob, passkey)

        with stores.unit() as unit:
            assert not unit.passkeys.rename(bob.id, passkey.id, "mine now")
            assert not unit.passkeys.remove(bob.id, passkey.id)
            assert not unit.passkeys.remove(ada.id, "no such passkey")
            assert unit.passkeys.rename(ada.id, passkey.id, "blue")

        assert stores.passkeys.of(ada.id) == [replace(passkey, name="blue")]

    def test_all_passkeys_of_an_account_can_be_removed(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob, a_passkey(ada), a_passkey(ada, "second"), a_passkey(bob))

        with stores.unit() as unit:
            assert unit.passkeys.remove_all(ada.id) == 2
            assert unit.passkeys.remove_all(ada.id) == 0

        assert stores.passkeys.of(ada.id) == []
        assert len(stores.passkeys.of(bob.id)) == 1

    @staticmethod
    def _use(stores: Stores, passkey: Passkey, *, sign_count: int) -> None:
        with stores.unit() as unit:
            unit.passkeys.record_use(a_use(passkey, sign_count=sign_count), now=NOW + 1)


def _named(stores: Stores, *, username: str | None = None, address: str | None = None) -> Named:
    return stores.passkeys.named(username_key=username, address_key=address)


def _known(stores: Stores, passkey: Passkey) -> KnownPasskey:
    known = stores.passkeys.find(passkey.credential_id, now=NOW)
    assert known is not None
    return known
