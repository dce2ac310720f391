"""Mails in memory."""

from dataclasses import replace

from unlatch.core.code_budget import PERIOD, WRONG_CODES
from unlatch.core.kinds import Purpose
from unlatch.core.records import Mail
from unlatch.errors import MailGone
from unlatch.stores.memory.rows import Reader, Rows, Writer, drop


class MemoryMailKeeper(Reader):
    def find(self, mail_id: str) -> Mail | None:
        return self._rows.mails.get(mail_id)

    def spend_try(
        self,
        mail_id: str,
        *,
        purpose: Purpose,
        binding_hash: bytes,
        limit: int,
        now: int,
        by_code: bool,
    ) -> Mail | None:
        with self._memory.writing() as rows:
            mail = rows.mails.get(mail_id)
            if (
                mail is None
                or (mail.purpose, mail.binding_hash) != (purpose, binding_hash)
                or mail.attempts >= limit
            ):
                return None
            is_strangers = by_code and not mail.known_browser
            if not _spendable(replace(mail, killed_at=None) if is_strangers else mail, now):
                return None
            tried = _put(rows, replace(mail, attempts=mail.attempts + 1))
            is_killed = mail.killed_at is not None
            whose = mail.account_id if is_strangers and not is_killed else None
            if _count_failure(rows, whose, now) > WRONG_CODES or is_killed:
                return replace(tried, code_hash=None)
            return tried

    def claim(self, *, now: int, lease: int) -> Mail | None:
        with self._memory.writing() as rows:
            due = [
                one
                for one in rows.mails.values()
                if one.sent_at is None
                and _spendable(one, now)
                and one.due_at <= now
                and one.lease_until <= now
            ]
            if not due:
                return None
            mail = min(due, key=lambda one: one.due_at)
            return _put(
                rows, replace(mail, lease_until=now + lease, deliveries=mail.deliveries + 1)
            )

    def release(self, claim: int) -> bool:
        with self._memory.writing() as rows:
            held = [
                one
                for one in rows.mails.values()
                if one.lease_until == claim and one.sent_at is None and _untouched(one)
            ]
            for mail in held:
                _put(rows, replace(mail, lease_until=0))
            return bool(held)

    def live(self, account_id: str, *, now: int) -> int:
        return sum(
            not one.known_browser and (one.link_hash or one.code_hash) is not None
            for one in pending(self._rows, account_id, now)
        )

    def mint(self, mail: Mail, *, link_hash: str | None, code_hash: str | None, now: int) -> bool:
        with self._memory.writing() as rows:
            kept = _held(rows, mail, now)
            if kept is None:
                return False
            _put(rows, replace(kept, link_hash=link_hash, code_hash=code_hash))
            return True

    def hand_over(self, mail: Mail, *, now: int) -> bool:
        with self._memory.writing() as rows:
            kept = _held(rows, mail, now)
            if kept is None:
                return False
            _put(rows, replace(kept, sent_at=now))
            return True

    def postpone(self, mail: Mail, *, until: int) -> None:
        with self._memory.writing() as rows:
            kept = _claimed(rows, mail)
            if kept is not None:
                _put(rows, replace(kept, due_at=until, lease_until=0, sent_at=None))

    def give_up(self, mail: Mail) -> None:
        with self._memory.writing() as rows:
            kept = rows.mails.get(mail.id)
            if kept is not None:
                _put(rows, replace(kept, due_at=kept.expires_at, sent_at=None))

    def oldest_unsent(self, *, now: int) -> int | None:
        waiting = [
            one.asked_at
            for one in self._rows.mails.values()
            if one.sent_at is None and _spendable(one, now) and one.due_at < one.expires_at
        ]
        return min(waiting, default=None)

    def sweep(self, *, expired_before: int, most: int) -> int:
        with self._memory.writing() as rows:
            old = [one for one in rows.mails.values() if one.expires_at < expired_before]
            oldest = sorted(old, key=lambda one: one.expires_at)[:most]
            return drop(rows.mails, lambda one: one in oldest)


class MemoryMailWriter(Writer):
    def ask(self, mail: Mail) -> None:
        if mail.binding_hash:  # a notice has none, and must not end another one
            for older in list(self._rows.mails.values()):
                same = (older.binding_hash, older.purpose) == (mail.binding_hash, mail.purpose)
                if same and _untouched(older):
                    _put(self._rows, replace(older, killed_at=mail.asked_at))
        _put(self._rows, mail)

    def spend(self, mail_id: str, *, now: int) -> None:
        mail = self._rows.mails.get(mail_id)
        if mail is None or not _spendable(mail, now):
            raise MailGone("used, killed or expired")
        _put(self._rows, replace(mail, used_at=now))

    def kill_pending(self, account_id: str, *, now: int) -> int:
        killed = pending(self._rows, account_id, now)
        for mail in killed:
            _put(self._rows, replace(mail, killed_at=now))
        return len(killed)

    def kill_all(self, account_id: str, *, now: int) -> int:
        own = [one for one in self._rows.mails.values() if one.account_id == account_id]
        killed = [one for one in own if _untouched(one)]
        for mail in killed:
            _put(self._rows, replace(mail, killed_at=now))
        return len(killed)

    def forget_everybodys(self) -> int:
        return drop(self._rows.mails, lambda _: True)


def pending(rows: Rows, account_id: str, now: int) -> list[Mail]:
    return [
        one
        for one in rows.mails.values()
        if one.account_id == account_id and _spendable(one, now) and not one.purpose.is_notice
    ]


def _count_failure(rows: Rows, account_id: str | None, now: int) -> int:
    account = rows.accounts.get(account_id or "")
    if account is None:
        return 0
    lately = account.code_failures_since > now - PERIOD
    failures = account.code_failures + 1 if lately else 1
    rows.accounts[account.id] = replace(
        account,
        code_failures=failures,
        code_failures_since=account.code_failures_since if lately else now,
    )
    return failures


def _untouched(mail: Mail) -> bool:
    return mail.used_at is None and mail.killed_at is None


def _spendable(mail: Mail, now: int) -> bool:
    return _untouched(mail) and mail.expires_at > now


def _claimed(rows: Rows, mail: Mail) -> Mail | None:
    """The mail as it is now, if the claim is still its last."""
    kept = rows.mails.get(mail.id)
    return kept if kept is not None and kept.lease_until == mail.lease_until else None


def _held(rows: Rows, mail: Mail, now: int) -> Mail | None:
    """The mail as it is now, if the claim counts still and it is worth sending."""
    kept = _claimed(rows, mail)
    if kept is None or kept.lease_until <= now or kept.sent_at is not None:
        return None
    return kept if _spendable(kept, now) else None


def _put(rows: Rows, mail: Mail) -> Mail:
    rows.mails[mail.id] = mail
    return mail
