"""Promises about mails as visitors meet them: asked for, tried, spent, killed, swept."""

from dataclasses import replace

import pytest

from unlatch.core.kinds import Purpose
from unlatch.core.ports import Stores
from unlatch.core.records import Mail
from unlatch.core.times import DAY, MINUTE
from unlatch.errors import MailGone
from unlatch.testing.store_contract.making import (
    BINDING,
    NOW,
    OTHER_BINDING,
    a_mail,
    an_account,
    at_once,
    kept,
)


class MailPromises:
    def test_a_mail_comes_back_as_it_went_in(self, stores: Stores) -> None:
        ada = an_account()
        mail = a_mail(ada, Purpose.FRESH, session_id="session", note="blue")
        nobodys = a_mail(None)
        kept(stores, ada, mail, nobodys)

        assert stores.mails.find(mail.id) == mail
        assert stores.mails.find(nobodys.id) == nobodys
        assert stores.mails.find("unknown") is None

    def test_a_newer_mail_kills_the_older_of_one_browser_and_purpose(self, stores: Stores) -> None:
        older, newer = a_mail(None), a_mail(None, asked_at=NOW + 7)
        kept(stores, older, newer)

        assert stores.mails.find(older.id) == replace(older, killed_at=NOW + 7)
        assert stores.mails.find(newer.id) == newer

    def test_it_leaves_other_browsers_and_purposes_alone(self, stores: Stores) -> None:
        ada = an_account()
        others = [
            a_mail(ada, binding_hash=OTHER_BINDING),
            a_mail(ada, Purpose.CONFIRM),
            a_mail(ada, Purpose.PASSKEY_ADDED),
        ]
        kept(stores, ada, *others, a_mail(ada), a_mail(ada))

        assert [stores.mails.find(one.id) for one in others] == others

    def test_notices_never_kill_one_another(self, stores: Stores) -> None:
        """They have no binding, so the same one: each passkey that was added is told."""
        ada = an_account()
        first, second = (a_mail(ada, Purpose.PASSKEY_ADDED) for _ in range(2))
        kept(stores, ada, first, second)

        assert stores.mails.find(first.id) == first

    def test_a_spent_mail_is_not_killed_as_well(self, stores: Stores) -> None:
        mail = a_mail(None)
        kept(stores, mail)
        _spend(stores, mail)
        kept(stores, a_mail(None, asked_at=NOW + 7))

        assert stores.mails.find(mail.id) == replace(mail, used_at=NOW)

    def test_all_of_an_account_are_killed_notices_too(self, stores: Stores) -> None:
        """But for those that are dead already, and anybody else's."""
        ada, bob = an_account("Ada"), an_account("Bob")
        notice, link = a_mail(ada, Purpose.PASSKEY_ADDED), a_mail(ada, Purpose.CONFIRM)
        spent, others = a_mail(ada, binding_hash=OTHER_BINDING), a_mail(bob, Purpose.PASSKEY_ADDED)
        kept(stores, ada, bob, notice, link, spent, others)
        _spend(stores, spent)

        with stores.unit() as unit:
            assert unit.mails.kill_all(ada.id, now=NOW + 7) == 2

        killed = [replace(one, killed_at=NOW + 7) for one in (notice, link)]
        assert [stores.mails.find(one.id) for one in (notice, link)] == killed
        assert stores.mails.find(spent.id) == replace(spent, used_at=NOW)
        assert stores.mails.find(others.id) == others

    def test_a_try_is_counted_and_gives_the_row(self, stores: Stores) -> None:
        mail = a_mail(None)
        kept(stores, mail)

        assert _try(stores, mail) == replace(mail, attempts=1)
        assert stores.mails.find(mail.id) == replace(mail, attempts=1)

    def test_there_are_no_more_tries_than_the_limit(self, stores: Stores) -> None:
        mail = a_mail(None)
        kept(stores, mail)

        results = at_once(8, lambda _: [_try(stores, mail) for _ in range(10)])

        given = [row for rows in results if isinstance(rows, list) for row in rows if row]
        assert len(results) == 8
        assert sorted(row.attempts for row in given) == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize(
        "asked",
        [
            {"purpose": Purpose.CONFIRM},
            {"binding_hash": OTHER_BINDING},
            {"binding_hash": b""},
            {"now": NOW + 10 * MINUTE},
        ],
    )
    def test_a_try_for_another_purpose_browser_or_time_is_not_counted(
        self, stores: Stores, asked: dict[str, object]
    ) -> None:
        mail = a_mail(None)
        kept(stores, mail)

        assert _try(stores, mail, **asked) is None
        assert stores.mails.find(mail.id) == mail

    def test_a_strangers_killed_mail_takes_tries_and_no_code_fits(self, stores: Stores) -> None:
        """Who signs in kills what others asked for, who should not see that, nor be able to spend
        the account's budget by it.
        """
        ada = an_account()
        killed = a_mail(ada, code_hash="code", killed_at=NOW)
        known = a_mail(
            ada, code_hash="code", killed_at=NOW, binding_hash=OTHER_BINDING, known_browser=True
        )
        kept(stores, ada, killed, known)

        tried = _try(stores, killed, by_code=True)

        assert tried == replace(killed, attempts=1, code_hash=None)
        assert stores.accounts.find(ada.id) == ada
        assert _try(stores, known, by_code=True, binding_hash=OTHER_BINDING) is None

    def test_a_spent_or_killed_mail_takes_no_try(self, stores: Stores) -> None:
        spent, killed = a_mail(None), a_mail(None, binding_hash=OTHER_BINDING, killed_at=NOW)
        kept(stores, spent, killed)
        _spend(stores, spent)

        assert _try(stores, spent) is None
        assert _try(stores, killed, binding_hash=OTHER_BINDING) is None

    def test_a_code_typed_at_a_strange_browsers_mail_counts_against_the_account(
        self, stores: Stores
    ) -> None:
        ada, bob = an_account("Ada"), an_account("Bob")
        mail = a_mail(ada)
        kept(stores, ada, bob, mail)

        _try(stores, mail, by_code=True, now=NOW)
        _try(stores, mail, by_code=True, now=NOW + 7)
        _try(stores, mail, by_code=False, now=NOW + 8)

        assert stores.accounts.find(ada.id) == replace(
            ada, code_failures=2, code_failures_since=NOW
        )
        assert stores.accounts.find(bob.id) == bob

    def test_beyond_the_budget_a_strange_browsers_mail_is_given_without_its_code(
        self, stores: Stores
    ) -> None:
        ada = replace(an_account(), code_failures=19, code_failures_since=NOW)
        strange = a_mail(ada, code_hash="code", link_hash="link")
        known = a_mail(ada, Purpose.FRESH, code_hash="code", known_browser=True)
        kept(stores, ada, strange, known)

        twentieth = _try(stores, strange, by_code=True)
        beyond = _try(stores, strange, by_code=True)
        by_link = _try(stores, strange)
        familiar = _try(stores, known, by_code=True)

        assert twentieth == replace(strange, attempts=1)
        assert beyond == replace(strange, attempts=2, code_hash=None)
        assert by_link == replace(strange, attempts=3)
        assert familiar == replace(known, attempts=1)

    def test_a_known_browser_a_refused_try_and_nobodys_mail_count_against_nobody(
        self, stores: Stores
    ) -> None:
        ada = an_account()
        known = a_mail(ada, known_browser=True)
        spent = a_mail(ada, binding_hash=OTHER_BINDING)
        nobodys = a_mail(None, Purpose.CONFIRM)
        kept(stores, ada, known, spent, nobodys)
        _spend(stores, spent)

        assert _try(stores, known, by_code=True) is not None
        assert _try(stores, spent, by_code=True, binding_hash=OTHER_BINDING) is None
        assert _try(stores, nobodys, by_code=True) is not None

        assert stores.accounts.find(ada.id) == ada

    def test_wrong_codes_are_counted_for_a_day_and_can_be_forgiven(self, stores: Stores) -> None:
        ada = an_account()
        first, later = a_mail(ada), a_mail(ada, Purpose.CONFIRM, expires_at=NOW + 3 * DAY)
        kept(stores, ada, first, later)
        _try(stores, first, by_code=True)

        _try(stores, later, by_code=True, now=NOW + DAY)

        counted = replace(ada, code_failures=1, code_failures_since=NOW + DAY)
        assert stores.accounts.find(ada.id) == counted
        with stores.unit() as unit:
            unit.accounts.forgive(ada.id)
        assert stores.accounts.find(ada.id) == replace(counted, code_failures=0)

    def test_a_mail_is_spent_once(self, stores: Stores) -> None:
        mail = a_mail(None)
        kept(stores, mail)

        results = at_once(8, lambda _: _spend(stores, mail))

        assert results.count(None) == 1
        assert sum(isinstance(one, MailGone) for one in results) == 7

    def test_a_killed_expired_or_unknown_mail_cannot_be_spent(self, stores: Stores) -> None:
        killed = a_mail(None, killed_at=NOW)
        expired = a_mail(None, Purpose.CONFIRM, expires_at=NOW)
        kept(stores, killed, expired)

        for mail in (killed, expired, a_mail(None)):
            with pytest.raises(MailGone):
                _spend(stores, mail)

    def test_all_pending_mails_of_an_account_can_be_killed(self, stores: Stores) -> None:
        """Not its notices, not what is over already, not anybody else's."""
        ada, bob = an_account("Ada"), an_account("Bob")
        pending = [a_mail(ada), a_mail(ada, Purpose.CONFIRM), a_mail(ada, Purpose.FRESH)]
        untouched = [
            a_mail(ada, Purpose.PASSKEY_REMOVED),
            a_mail(ada, binding_hash=b"old", expires_at=NOW),
            a_mail(ada, binding_hash=b"killed", killed_at=NOW - 1),
            a_mail(bob, binding_hash=OTHER_BINDING),
        ]
        kept(stores, ada, bob, *pending, *untouched)

        with stores.unit() as unit:
            assert unit.mails.kill_pending(ada.id, now=NOW) == 3

        assert [stores.mails.find(one.id) for one in pending] == [
            replace(one, killed_at=NOW) for one in pending
        ]
        assert [stores.mails.find(one.id) for one in untouched] == untouched

    def test_everybodys_mails_can_be_forgotten(self, stores: Stores) -> None:
        """The spent ones as well: a copy that was put back does not know that they are."""
        ada = an_account()
        mails = [a_mail(ada), a_mail(ada, Purpose.PASSKEY_ADDED), a_mail(None, binding_hash=b"b")]
        kept(stores, ada, *mails)
        _spend(stores, mails[0])

        with stores.unit() as unit:
            assert unit.mails.forget_everybodys() == 3

        assert [stores.mails.find(one.id) for one in mails] == [None] * 3

    def test_a_sweep_takes_the_longest_expired_and_no_more_than_asked(self, stores: Stores) -> None:
        oldest, older, old, young = (
            a_mail(None, binding_hash=bytes([age]), expires_at=NOW + age) for age in range(4)
        )
        kept(stores, young, old, older, oldest)

        assert stores.mails.sweep(expired_before=NOW + 3, most=2) == 2
        assert [stores.mails.find(one.id) for one in (oldest, older, old)] == [None, None, old]
        assert stores.mails.sweep(expired_before=NOW + 3, most=2) == 1
        assert stores.mails.find(young.id) == young


def _try(stores: Stores, mail: Mail, **asked: object) -> Mail | None:
    values = {"purpose": mail.purpose, "binding_hash": BINDING, "limit": 5, "now": NOW}
    values["by_code"] = False
    return stores.mails.spend_try(mail.id, **values | asked)  # type: ignore[arg-type]


def _spend(stores: Stores, mail: Mail) -> None:
    with stores.unit() as unit:
        unit.mails.spend(mail.id, now=NOW)
