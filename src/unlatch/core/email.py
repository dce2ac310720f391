"""E-mail: sign in, or prove again, by one mail with a link and a code."""

from dataclasses import dataclass

from unlatch.core import events
from unlatch.core.addresses import Addresses
from unlatch.core.binding import Binding
from unlatch.core.kinds import Method, Purpose
from unlatch.core.mailed import MailedSecrets
from unlatch.core.party import RelyingParty
from unlatch.core.ports import Stores, Unit
from unlatch.core.proof import Proof
from unlatch.core.records import Account, LiveSession, Mail
from unlatch.core.sessions import Sessions, SignedIn
from unlatch.core.times import Clock
from unlatch.core.visitor import Visitor
from unlatch.errors import MailGone, NotSignedIn


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What a stranger had made in an account before the owner of its address came."""

    passkeys: int
    sessions: int


@dataclass(frozen=True, slots=True)
class SignedInByMail:
    """Attributes:
    next_path: Where the visitor wanted to go when asking.
    taken_over: What was removed, if this was the first proof of the address and came from
        a browser that did not register it.
    """

    signed_in: SignedIn
    next_path: str
    taken_over: TakenOver | None


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What the page of an opened link needs to know.

    Attributes:
        takes_over: Going on removes what was made before the address was proved.
    """

    account: Account
    takes_over: bool


class Emails:
    """Sign in by e-mail. It proves an address; it is not a strong factor."""

    def __init__(
        self,
        stores: Stores,
        addresses: Addresses,
        sessions: Sessions,
        mailed: MailedSecrets,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._addresses = addresses
        self._sessions = sessions
        self._mailed = mailed
        self._clock = clock

    def begin_sign_in(
        self,
        account: Account | None,
        *,
        typed: str,
        next_path: str,
        binding: Binding | None,
        party: RelyingParty,
        visitor: Visitor,
    ) -> Binding:
        """Ask for one mail. The same happens whether or not anybody has what was typed.

        Raises:
            TooSoon, TooMany: As in `MailedSecrets.require_leave`.
        """
        self._mailed.require_leave(
            Purpose.SIGN_IN, account, typed=typed, binding=binding, visitor=visitor
        )
        with self._stores.unit() as unit:
            return self._mailed.ask(
                unit,
                Purpose.SIGN_IN,
                account,
                typed=typed,
                next_path=next_path,
                binding=binding,
                party=party,
                visitor=visitor,
            )

    def look(self, token: str, binding: Binding | None, visitor: Visitor) -> OpenedLink:
        """Whose link was opened. Spends nothing.

        Raises:
            MailGone, ElsewhereBegun: As in `MailedSecrets.look`.
        """
        mail = self._mailed.look(token, Purpose.SIGN_IN, binding)
        account = self._account_of(mail)
        return OpenedLink(account, takes_over=_comes_from_elsewhere(account, visitor))

    def finish_by_link(
        self, token: str, binding: Binding | None, visitor: Visitor
    ) -> SignedInByMail:
        """Sign in by an opened link.

        Raises:
            MailGone, TooMany, TooBusy: As in `MailedSecrets.show_link`.
        """
        mail = self._mailed.show_link(token, Purpose.SIGN_IN, binding, visitor.client)
        return self._finish(mail, visitor)

    def finish_by_code(
        self, typed: str, binding: Binding | None, visitor: Visitor
    ) -> SignedInByMail:
        """Sign in by a typed code.

        Raises:
            FieldsRefused, WrongCode, MailGone, TooMany, TooBusy: As in
                `MailedSecrets.show_code`.
        """
        mail = self._mailed.show_code(typed, Purpose.SIGN_IN, binding, visitor.client)
        return self._finish(mail, visitor)

    def begin_step_up(
        self,
        live: LiveSession,
        *,
        next_path: str,
        binding: Binding | None,
        party: RelyingParty,
        visitor: Visitor,
    ) -> Binding:
        """Ask for a code that proves again whose session this is.

        Raises:
            TooSoon, TooMany: As in `MailedSecrets.require_leave`.
        """
        typed = live.account.address
        self._mailed.require_leave(
            Purpose.FRESH, live.account, typed=typed, binding=binding, visitor=visitor
        )
        with self._stores.unit() as unit:
            return self._mailed.ask(
                unit,
                Purpose.FRESH,
                live.account,
                typed=typed,
                next_path=next_path,
                binding=binding,
                party=party,
                visitor=visitor,
            )

    def finish_step_up(
        self, typed: str, binding: Binding | None, live: LiveSession, visitor: Visitor
    ) -> SignedInByMail:
        """Prove again, in the session that asked.

        Raises:
            FieldsRefused, WrongCode, MailGone, TooMany, TooBusy: As in
                `MailedSecrets.show_code`.
            NotSignedIn: The session ended meanwhile.
        """
        mail = self._mailed.show_code(typed, Purpose.FRESH, binding, visitor.client)
        if (mail.account_id, mail.session_id) != (live.account.id, live.session.id):
            raise MailGone("asked in another session")
        proof = self._proof(live.account, mail)
        with self._stores.unit() as unit:
            unit.mails.spend(mail.id, now=proof.at)
            signed_in = self._sessions.prove_again(unit, proof, live)
            self._addresses.confirm(unit, live.account, now=proof.at)
        return SignedInByMail(signed_in, mail.next, None)

    def _finish(self, mail: Mail, visitor: Visitor) -> SignedInByMail:
        account = self._account_of(mail)
        proof = self._proof(account, mail)
        try:
            with self._stores.unit() as unit:
                unit.mails.spend(mail.id, now=proof.at)
                taken_over = self._prove_address(unit, account, visitor, now=proof.at)
                signed_in = self._sessions.start(unit, proof, visitor)
                unit.mails.kill_pending(account.id, now=proof.at)
                if account.code_failures:
                    unit.accounts.forgive(account.id)
        except NotSignedIn as error:  # disabled since the mail was asked for
            raise MailGone(error.detail) from error
        return SignedInByMail(signed_in, mail.next, taken_over)

    def _prove_address(
        self, unit: Unit, account: Account, visitor: Visitor, *, now: int
    ) -> TakenOver | None:
        """The first proof of an address. From the browser that registered, or from inside the
        account, it changes nothing else; from anywhere else it comes from the owner of the
        address, and a squatter who registered it keeps nothing.
        """
        if not self._addresses.confirm(unit, account, now=now):
            return None
        if not _comes_from_elsewhere(account, visitor):
            return None
        removed = TakenOver(
            passkeys=unit.passkeys.remove_all(account.id),
            sessions=unit.sessions.end_all(account.id),
        )
        unit.mails.kill_all(account.id, now=now)
        unit.accounts.forget_display_name(account.id)
        unit.events.add(
            events.claimed_by_address(
                account.id, passkeys=removed.passkeys, sessions=removed.sessions, at=now
            )
        )
        return removed

    def _account_of(self, mail: Mail) -> Account:
        account = self._stores.accounts.find(mail.account_id) if mail.account_id else None
        if account is None or not account.enabled:
            raise MailGone("no account, or disabled")
        return account

    def _proof(self, account: Account, mail: Mail) -> Proof:
        return Proof(
            account=account, method=Method.EMAIL, at=self._clock(), source=mail.id.encode()
        )


def _comes_from_elsewhere(account: Account, visitor: Visitor) -> bool:
    return account.confirmed_at is None and not visitor.has_begun(account)
