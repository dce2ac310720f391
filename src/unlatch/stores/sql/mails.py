"""Mails in SQL: the rows, and the outbox that the sender works through."""

from dataclasses import replace

from sqlalchemy import and_, bindparam, case, delete, func, insert, or_, select, update

from unlatch.core import code_budget
from unlatch.core.kinds import Purpose
from unlatch.core.records import Mail
from unlatch.errors import MailGone
from unlatch.stores.sql import rows
from unlatch.stores.sql.database import Database
from unlatch.stores.sql.holding import HOLD_WHOSE
from unlatch.stores.sql.running import Row, Sql
from unlatch.stores.sql.sweeping import sweep
from unlatch.stores.sql.tables import accounts, mails, unsent, untouched

_ID = mails.c.id == bindparam("mail")
_FRESH = mails.c.expires_at > bindparam("now")
_SPENDABLE = and_(untouched, _FRESH)

# Not by IN: a list's text is made anew for each execution, and each sign-in asks this.
pending = and_(
    _SPENDABLE, or_(*(mails.c.purpose == one.value for one in Purpose if not one.is_notice))
)
"""What could still sign somebody in, or prove something."""

FIND = select(mails).where(_ID)
_try = (
    update(mails)
    .where(
        _ID,
        mails.c.purpose == bindparam("for_purpose"),
        mails.c.binding_hash == bindparam("binding"),
        mails.c.attempts < bindparam("limit"),
        _FRESH,
    )
    .values(attempts=mails.c.attempts + 1)
    .returning(mails)
)
SPEND_TRY = _try.where(untouched)
SPEND_TRY_BY_CODE = _try.where(
    mails.c.used_at.is_(None), or_(mails.c.killed_at.is_(None), mails.c.known_browser == 0)
)
_counted_lately = accounts.c.code_failures_since > bindparam("now") - code_budget.PERIOD
COUNT_FAILURE = (
    update(accounts)
    .where(accounts.c.id == bindparam("account"))
    .values(
        code_failures=case((_counted_lately, accounts.c.code_failures + 1), else_=1),
        code_failures_since=case(
            (_counted_lately, accounts.c.code_failures_since), else_=bindparam("now")
        ),
    )
    .returning(accounts.c.code_failures)
)
LIVE = (
    select(func.count())
    .select_from(mails)
    .where(
        mails.c.account_id == bindparam("account"),
        pending,
        mails.c.known_browser == 0,
        or_(mails.c.link_hash.is_not(None), mails.c.code_hash.is_not(None)),
    )
)
_next_due = (
    select(mails.c.id)
    .where(
        unsent,
        _FRESH,
        mails.c.due_at <= bindparam("now"),
        mails.c.lease_until <= bindparam("now"),
    )
    .order_by(mails.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
CLAIM = (
    update(mails)
    .where(mails.c.id == _next_due)
    .values(lease_until=bindparam("until"), deliveries=mails.c.deliveries + 1)
    .returning(mails)
)
_HELD = mails.c.lease_until == bindparam("claim")
RELEASE = update(mails).where(_HELD, unsent)
_CLAIMED = and_(_ID, _HELD)
MINT = update(mails).where(_CLAIMED, mails.c.lease_until > bindparam("now"), unsent, _FRESH)
HAND_OVER = MINT
POSTPONE = update(mails).where(_CLAIMED)
# Due when it has expired, which is never: nothing else of the row tells that it was given up.
GIVE_UP = update(mails).where(_ID).values(due_at=mails.c.expires_at, sent_at=None)
# What is given up is due when it expires: then it is not fresh, or not due before.
OLDEST_UNSENT = select(func.min(mails.c.asked_at)).where(
    unsent, _FRESH, mails.c.due_at < mails.c.expires_at
)
SWEEP = sweep(mails.c.id, mails.c.expires_at < bindparam("before"), oldest=mails.c.expires_at)

ASK = insert(mails)
KILL_OLDER = update(mails).where(
    mails.c.id != bindparam("mail"),
    mails.c.binding_hash == bindparam("binding"),
    mails.c.purpose == bindparam("same_purpose"),
    untouched,
)
SPEND = update(mails).where(_ID, _SPENDABLE)
_OWN = mails.c.account_id == bindparam("account")
KILL_PENDING = update(mails).where(_OWN, pending)
KILL_ALL = update(mails).where(_OWN, untouched)
FORGET_EVERYBODYS = delete(mails)


class SqlMailKeeper:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, mail_id: str) -> Mail | None:
        return _mail(self._database.first(FIND, mail=mail_id))

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
        with self._database.writing() as sql:
            if by_code:
                sql.first(HOLD_WHOSE, mail=mail_id)
            mail = _mail(
                sql.first(
                    SPEND_TRY_BY_CODE if by_code else SPEND_TRY,
                    mail=mail_id,
                    for_purpose=purpose.value,
                    binding=binding_hash,
                    limit=limit,
                    now=now,
                )
            )
            if by_code:  # for a mail of nobody's, too: its time must not tell
                is_killed = mail is not None and mail.killed_at is not None
                whose = mail.account_id if mail and not (mail.known_browser or is_killed) else None
                counted = sql.first(COUNT_FAILURE, account=whose, now=now)
                is_beyond = counted is not None and counted[0] > code_budget.WRONG_CODES
                if mail and (is_beyond or is_killed):
                    return replace(mail, code_hash=None)
        return mail

    def claim(self, *, now: int, lease: int) -> Mail | None:
        with self._database.writing() as sql:
            return _mail(sql.first(CLAIM, now=now, until=now + lease))

    def release(self, claim: int) -> bool:
        with self._database.writing() as sql:
            return sql.count(RELEASE, claim=claim, lease_until=0) > 0

    def live(self, account_id: str, *, now: int) -> int:
        (count,) = self._database.rows(LIVE, account=account_id, now=now)[0]
        return int(count)

    def mint(self, mail: Mail, *, link_hash: str | None, code_hash: str | None, now: int) -> bool:
        with self._database.writing() as sql:
            minted = sql.count(
                MINT,
                mail=mail.id,
                claim=mail.lease_until,
                now=now,
                link_hash=link_hash,
                code_hash=code_hash,
            )
        return minted == 1

    def hand_over(self, mail: Mail, *, now: int) -> bool:
        with self._database.writing() as sql:
            handed = sql.count(
                HAND_OVER, mail=mail.id, claim=mail.lease_until, now=now, sent_at=now
            )
        return handed == 1

    def postpone(self, mail: Mail, *, until: int) -> None:
        with self._database.writing() as sql:
            sql.count(
                POSTPONE,
                mail=mail.id,
                claim=mail.lease_until,
                due_at=until,
                lease_until=0,
                sent_at=None,
            )

    def give_up(self, mail: Mail) -> None:
        with self._database.writing() as sql:
            sql.count(GIVE_UP, mail=mail.id)

    def oldest_unsent(self, *, now: int) -> int | None:
        (asked_at,) = self._database.rows(OLDEST_UNSENT, now=now)[0]
        return None if asked_at is None else int(asked_at)

    def sweep(self, *, expired_before: int, most: int) -> int:
        with self._database.writing() as sql:
            return sql.count(SWEEP, before=expired_before, most=most)


class SqlMailWriter:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def ask(self, mail: Mail) -> None:
        # First, for it waits where its account's address is corrected; and the account comes before
        # mails (`holding.py`).
        self._sql.run(ASK, **rows.mail_values(mail))
        if mail.binding_hash:  # a notice has none, and must not end another one
            self._sql.count(
                KILL_OLDER,
                mail=mail.id,
                binding=mail.binding_hash,
                same_purpose=mail.purpose.value,
                killed_at=mail.asked_at,
            )

    def spend(self, mail_id: str, *, now: int) -> None:
        self._sql.first(HOLD_WHOSE, mail=mail_id)
        if not self._sql.count(SPEND, mail=mail_id, now=now, used_at=now):
            raise MailGone("used, killed or expired")

    def kill_pending(self, account_id: str, *, now: int) -> int:
        return self._sql.count(KILL_PENDING, account=account_id, now=now, killed_at=now)

    def kill_all(self, account_id: str, *, now: int) -> int:
        return self._sql.count(KILL_ALL, account=account_id, killed_at=now)

    def forget_everybodys(self) -> int:
        return self._sql.count(FORGET_EVERYBODYS)


def _mail(row: Row | None) -> Mail | None:
    return rows.mail(row) if row is not None else None
