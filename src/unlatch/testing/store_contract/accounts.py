"""Promises about accounts."""

from dataclasses import replace
from typing import Any

import pytest

from unlatch.core.ports import Stores
from unlatch.errors import AddressTaken, UsernameTaken
from unlatch.testing.store_contract.making import (
    IDLE,
    NOW,
    a_mail,
    a_passkey,
    a_session,
    an_account,
    at_once,
    kept,
)


class AccountPromises:
    def test_an_account_comes_back_as_it_went_in(self, stores: Stores) -> None:
        ada = an_account(confirmed_at=NOW + 1, disabled_at=NOW + 2)

        kept(stores, ada)

        assert stores.accounts.find(ada.id) == ada
        assert stores.accounts.by_username(ada.username_key) == ada
        assert stores.accounts.by_address(ada.address_key) == ada

    def test_nobody_is_found_by_what_nobody_has(self, stores: Stores) -> None:
        kept(stores, an_account())

        assert stores.accounts.find("account-bob") is None
        assert stores.accounts.by_username("bob") is None
        assert stores.accounts.by_address("bob@example.com") is None

    def test_a_username_is_had_once(self, stores: Stores) -> None:
        kept(stores, an_account("Ada"))
        second = replace(an_account("Bob"), username_key="ada")

        with pytest.raises(UsernameTaken):
            kept(stores, second)

        assert stores.accounts.find(second.id) is None

    def test_an_address_is_had_once(self, stores: Stores) -> None:
        kept(stores, an_account("Ada"))
        second = replace(an_account("Bob"), address_key="ada@example.com")

        with pytest.raises(AddressTaken):
            kept(stores, second)

        assert stores.accounts.find(second.id) is None

    def test_the_username_is_told_first_where_both_are_taken(self, stores: Stores) -> None:
        kept(stores, an_account("Ada"))

        with pytest.raises(UsernameTaken):
            kept(stores, replace(an_account("Ada"), id="another"))

    def test_of_many_who_want_one_username_one_gets_it(self, stores: Stores) -> None:
        def register(number: int) -> None:
            kept(stores, replace(an_account(f"ada{number}"), username_key="ada"))

        results = at_once(8, register)

        assert results.count(None) == 1
        assert sum(isinstance(one, UsernameTaken) for one in results) == 7

    def test_of_many_who_want_one_address_one_gets_it(self, stores: Stores) -> None:
        def register(number: int) -> None:
            kept(stores, replace(an_account(f"ada{number}"), address_key="ada@example.com"))

        results = at_once(8, register)

        assert results.count(None) == 1
        assert sum(isinstance(one, AddressTaken) for one in results) == 7

    def test_a_stale_unconfirmed_account_gives_its_names_away(self, stores: Stores) -> None:
        """With all that is its own."""
        squatter = an_account("Ada", created_at=NOW - 2)
        passkey, mail = a_passkey(squatter), a_mail(squatter)
        session = a_session(squatter, last_seen_at=NOW - 2)
        kept(stores, squatter, passkey, session, mail)
        owner = replace(an_account("Ada"), id="the owner")

        with stores.unit() as unit:
            unit.accounts.add(owner, stale_before=NOW - 1)

        assert stores.accounts.by_username("ada") == owner
        assert stores.accounts.find(squatter.id) is None
        assert stores.passkeys.find(passkey.credential_id, now=NOW) is None
        assert stores.sessions.find(session.token_hash, now=NOW, idle=IDLE) is None
        assert stores.mails.find(mail.id) is None

    def test_two_stale_accounts_give_way_to_one(self, stores: Stores) -> None:
        """One has the username, another the address."""
        kept(stores, an_account("Ada", created_at=1), an_account("Bob", created_at=1))
        newcomer = replace(an_account("Ada"), id="newcomer", address_key="bob@example.com")

        with stores.unit() as unit:
            unit.accounts.add(newcomer, stale_before=NOW)

        assert stores.accounts.by_username("ada") == newcomer
        assert stores.accounts.by_address("bob@example.com") == newcomer

    @pytest.mark.parametrize(
        "fields", [{"created_at": NOW - 1}, {"created_at": 1, "confirmed_at": 2}]
    )
    def test_a_young_or_confirmed_account_keeps_its_names(
        self, stores: Stores, fields: dict[str, int]
    ) -> None:
        kept(stores, an_account("Ada", **fields))

        with pytest.raises(UsernameTaken), stores.unit() as unit:
            unit.accounts.add(replace(an_account("Ada"), id="other"), stale_before=NOW - 1)

    def test_a_stale_account_stays_when_the_newcomer_is_refused(self, stores: Stores) -> None:
        stale = an_account("Ada", created_at=1)
        kept(stores, stale, an_account("Bob"))
        newcomer = replace(an_account("Ada"), id="newcomer", address_key="bob@example.com")

        with pytest.raises(AddressTaken), stores.unit() as unit:
            unit.accounts.add(newcomer, stale_before=NOW)

        assert stores.accounts.by_username("ada") == stale

    def test_an_address_is_confirmed_once(self, stores: Stores) -> None:
        ada = an_account()
        kept(stores, ada)

        with stores.unit() as unit:
            assert unit.accounts.confirm(ada.id, now=NOW + 1)
            assert not unit.accounts.confirm(ada.id, now=NOW + 2)

        assert stores.accounts.find(ada.id) == replace(ada, confirmed_at=NOW + 1)

    def test_a_disabled_or_absent_account_is_not_confirmed(self, stores: Stores) -> None:
        ada = an_account(disabled_at=NOW)
        kept(stores, ada)

        with stores.unit() as unit:
            assert not unit.accounts.confirm(ada.id, now=NOW)
            assert not unit.accounts.confirm("nobody", now=NOW)

        assert stores.accounts.find(ada.id) == ada

    def test_an_unconfirmed_address_can_be_corrected(self, stores: Stores) -> None:
        ada = an_account()
        kept(stores, ada)

        with stores.unit() as unit:
            assert unit.accounts.change_unconfirmed_address(
                ada.id, address="A@new.example", address_key="a@new.example", stale_before=0
            )

        assert stores.accounts.by_address("a@new.example") == replace(
            ada, address="A@new.example", address_key="a@new.example"
        )
        assert stores.accounts.by_address(ada.address_key) is None

    def test_a_confirmed_address_cannot(self, stores: Stores) -> None:
        ada = an_account(confirmed_at=NOW)
        kept(stores, ada)

        with stores.unit() as unit:
            assert not unit.accounts.change_unconfirmed_address(
                ada.id, address="a@new.example", address_key="a@new.example", stale_before=0
            )

        assert stores.accounts.find(ada.id) == ada

    def test_an_address_is_not_corrected_to_somebody_elses(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob)

        with pytest.raises(AddressTaken), stores.unit() as unit:
            unit.accounts.change_unconfirmed_address(
                ada.id, address=bob.address, address_key=bob.address_key, stale_before=0
            )

        assert stores.accounts.find(ada.id) == ada

    def test_a_stale_account_gives_up_its_address_to_a_correction(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob", created_at=NOW - 1)
        kept(stores, ada, bob)

        with stores.unit() as unit:
            assert unit.accounts.change_unconfirmed_address(
                ada.id, address=bob.address, address_key=bob.address_key, stale_before=NOW
            )

        found = stores.accounts.by_address(bob.address_key)
        assert found is not None
        assert found.id == ada.id
        assert stores.accounts.find(bob.id) is None

    def test_an_account_in_use_is_not_stale(self, stores: Stores) -> None:
        bob = an_account("Bob", created_at=NOW - 2)
        kept(stores, bob, a_session(bob, last_seen_at=NOW))

        with pytest.raises(UsernameTaken), stores.unit() as unit:
            unit.accounts.add(
                an_account("Ada", username_key=bob.username_key), stale_before=NOW - 1
            )

        assert stores.accounts.find(bob.id) == bob

    def test_stale_accounts_are_swept_with_all_that_is_theirs(self, stores: Stores) -> None:
        ada = an_account("Ada", created_at=NOW - 2)
        passkey, mail = a_passkey(ada), a_mail(ada)
        session = a_session(ada, last_seen_at=NOW - 2)
        kept(stores, ada, passkey, session, mail)

        assert stores.accounts.sweep(stale_before=NOW - 1, most=9) == 1

        assert stores.accounts.find(ada.id) is None
        assert stores.passkeys.find(passkey.credential_id, now=NOW) is None
        assert stores.sessions.find(session.token_hash, now=NOW, idle=IDLE) is None
        assert stores.mails.find(mail.id) is None
        assert stores.accounts.sweep(stale_before=NOW - 1, most=9) == 0

    @pytest.mark.parametrize("fields", [{"created_at": NOW}, {"created_at": 1, "confirmed_at": 2}])
    def test_a_young_or_confirmed_account_is_not_swept(
        self, stores: Stores, fields: dict[str, Any]
    ) -> None:
        ada = an_account(**fields)
        kept(stores, ada)

        assert stores.accounts.sweep(stale_before=NOW, most=9) == 0

        assert stores.accounts.find(ada.id) == ada

    def test_an_account_in_use_is_not_swept(self, stores: Stores) -> None:
        ada = an_account(created_at=1)
        old, lately = a_session(ada, last_seen_at=1), a_session(ada, "other", last_seen_at=NOW)
        kept(stores, ada, old, lately)

        assert stores.accounts.sweep(stale_before=NOW, most=9) == 0

        assert stores.accounts.find(ada.id) == ada

    def test_a_few_accounts_are_swept_at_a_time_the_oldest_first(self, stores: Stores) -> None:
        people = [an_account(f"ada{age}", created_at=age) for age in (3, 1, 2)]
        kept(stores, *people)

        assert stores.accounts.sweep(stale_before=NOW, most=2) == 2

        assert [stores.accounts.find(one.id) is not None for one in people] == [True, False, False]

    def test_an_address_may_be_corrected_to_another_spelling_of_itself(
        self, stores: Stores
    ) -> None:
        ada = an_account()
        kept(stores, ada)

        with stores.unit() as unit:
            assert unit.accounts.change_unconfirmed_address(
                ada.id, address="aDa@example.com", address_key=ada.address_key, stale_before=0
            )

        assert stores.accounts.find(ada.id) == replace(ada, address="aDa@example.com")

    def test_a_display_name_can_be_forgotten(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob)

        with stores.unit() as unit:
            unit.accounts.forget_display_name(ada.id)

        assert stores.accounts.find(ada.id) == replace(ada, display_name="")
        assert stores.accounts.find(bob.id) == bob

    def test_an_account_is_disabled_once(self, stores: Stores) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        kept(stores, ada, bob)

        with stores.unit() as unit:
            assert unit.accounts.disable(ada.id, now=NOW + 1)
            assert not unit.accounts.disable(ada.id, now=NOW + 2)
            assert not unit.accounts.disable("nobody", now=NOW)

        assert stores.accounts.find(ada.id) == replace(ada, disabled_at=NOW + 1)
        assert stores.accounts.find(bob.id) == bob
