"""Addresses: proved by a mailed link or code, corrected while nobody has proved them."""

from dataclasses import replace

from unlatch.core import events, names
from unlatch.core.binding import Binding
from unlatch.core.freshness import Freshness
from unlatch.core.kinds import Purpose
from unlatch.core.limits import Limits
from unlatch.core.mailed import MailedSecrets
from unlatch.core.party import RelyingParty
from unlatch.core.policy import Change
from unlatch.core.ports import Stores, Unit
from unlatch.core.records import Account, LiveSession, Mail
from unlatch.core.times import DAY, Clock
from unlatch.core.visitor import Visitor
from unlatch.errors import FieldsRefused, MailGone, NotFound

UNCONFIRMED_LIFETIME = 7 * DAY
"""How long an address that nobody proves keeps its names from others."""


class Addresses:
    """The e-mail addresses of accounts."""

    def __init__(
        self,
        stores: Stores,
        limits: Limits,
        mailed: MailedSecrets,
        freshness: Freshness,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._limits = limits
        self._mailed = mailed
        self._freshness = freshness
        self._clock = clock

    def mail_confirmation(
        self,
        unit: Unit,
        account: Account,
        binding: Binding | None,
        party: RelyingParty,
        visitor: Visitor,
    ) -> Binding:
        """Ask for the mail to an account's address, inside a transaction. Whether there may be
        one more is for the caller to have found out: where an address was just written down,
        that is a new reason to write, and there is no minute to wait.
        """
        return self._mailed.ask(
            unit,
            Purpose.CONFIRM,
            account,
            typed=account.address,
            binding=binding,
            party=party,
            visitor=visitor,
        )

    def ask_confirmation(
        self,
        live: LiveSession,
        *,
        binding: Binding | None,
        party: RelyingParty,
        visitor: Visitor,
    ) -> Binding:
        """Send the confirmation again.

        Raises:
            NotFound: The address is confirmed already.
            TooSoon, TooMany: As in `MailedSecrets.require_leave`.
        """
        account = live.account
        if account.confirmed_at is not None:
            raise NotFound("confirmed already")
        self._mailed.require_leave(
            Purpose.CONFIRM, account, typed=account.address, binding=binding, visitor=visitor
        )
        with self._stores.unit() as unit:
            return self.mail_confirmation(unit, account, binding, party, visitor)

    def look_at_confirmation(self, token: str, binding: Binding | None) -> None:
        """Whether an opened link may confirm here. Spends nothing.

        Raises:
            MailGone, ElsewhereBegun: As in `MailedSecrets.look`.
        """
        self._mailed.look(token, Purpose.CONFIRM, binding)

    def confirm_by_code(
        self, typed: str, binding: Binding | None, live: LiveSession, visitor: Visitor
    ) -> None:
        """Prove the address by a typed code.

        Raises:
            FieldsRefused, WrongCode, MailGone, TooMany, TooBusy: As in
                `MailedSecrets.show_code`.
        """
        mail = self._mailed.show_code(typed, Purpose.CONFIRM, binding, visitor.client)
        self._confirm(mail, live)

    def confirm_by_link(
        self, token: str, binding: Binding | None, live: LiveSession, visitor: Visitor
    ) -> None:
        """Prove the address by an opened link.

        Raises:
            MailGone, TooMany, TooBusy: As in `MailedSecrets.show_link`.
        """
        mail = self._mailed.show_link(token, Purpose.CONFIRM, binding, visitor.client)
        self._confirm(mail, live)

    def confirm(self, unit: Unit, account: Account, *, now: int) -> bool:
        """Write down that the address is proved; False if it was before."""
        if account.confirmed_at is not None:
            return False
        first = unit.accounts.confirm(account.id, now=now)
        if first:
            unit.events.add(events.address_confirmed(account.id, at=now))
        return first

    def may_correct(self, live: LiveSession) -> None:
        """Whether this session may correct the address now.

        Raises:
            NotFound: It is confirmed already.
            NotFresh: The session wants a new proof first.
        """
        if live.account.confirmed_at is not None:
            raise NotFound("confirmed already")
        passkeys = self._stores.passkeys.of(live.account.id)
        self._freshness.require(live, passkeys, Change.CHANGE_ADDRESS, now=self._clock())

    def correct(
        self,
        live: LiveSession,
        typed: str,
        *,
        binding: Binding | None,
        party: RelyingParty,
        visitor: Visitor,
    ) -> Binding:
        """Change an address that nobody has proved, and mail the new one.

        Raises:
            NotFound: It is confirmed already.
            NotFresh: The session wants a new proof first.
            FieldsRefused, AddressTaken: About the field `email`.
            TooMany: One of the limits is reached.
        """
        self.may_correct(live)
        try:
            address = names.address(typed)
        except ValueError as error:
            raise FieldsRefused({"email": str(error)}) from error
        now = self._clock()
        limited = self._limits.correction(visitor, live.account, address.kept)
        with limited, self._stores.unit() as unit:
            unit.sessions.require(live.session.token_hash)
            changed = unit.accounts.change_unconfirmed_address(
                live.account.id,
                address=address.kept,
                address_key=address.key,
                stale_before=now - UNCONFIRMED_LIFETIME,
            )
            if not changed:
                raise NotFound("confirmed already")
            # What was mailed to the old address must not confirm the new one. After the change,
            # which keeps more from being asked for: a mail asked for in between would live on, and
            # could be sent while others still see the old address.
            unit.mails.kill_pending(live.account.id, now=now)
            unit.events.add(events.address_corrected(live.account.id, at=now))
            account = replace(live.account, address=address.kept, address_key=address.key)
            return self.mail_confirmation(unit, account, binding, party, visitor)

    def _confirm(self, mail: Mail, live: LiveSession) -> None:
        if mail.account_id != live.account.id:
            raise MailGone("asked for another account")
        now = self._clock()
        with self._stores.unit() as unit:
            unit.mails.spend(mail.id, now=now)
            self.confirm(unit, live.account, now=now)
