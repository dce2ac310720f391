"""Mailed secrets: a link and a code in one mail, asked for, minted, and shown again.

Asking writes one row, alike for known and unknown addresses; the sender mints the secrets,
so that none is ever stored and nothing in the request tells who exists.

Showing one goes in this order: its form and MAC; the limit of failures; a slot for slow
hashing; one try, committed; Argon2 with no transaction open. The caller then spends the mail
in one transaction with what it was for.
"""

import uuid
from dataclasses import dataclass, field

from unlatch.core import mail_tokens
from unlatch.core.binding import Asked, Binding, new_binding
from unlatch.core.keys import Keys
from unlatch.core.kinds import Purpose
from unlatch.core.limits import Limits
from unlatch.core.party import RelyingParty
from unlatch.core.ports import Stores, Unit
from unlatch.core.records import Account, Mail
from unlatch.core.secrets import random_code, typed_code
from unlatch.core.slow_hash import SlowHash
from unlatch.core.times import SECOND, Clock
from unlatch.core.visitor import Client, Visitor
from unlatch.errors import ElsewhereBegun, FieldsRefused, MailGone, WrongCode

MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class Minted:
    """Fresh secrets for one mail, and the hashes to keep of them.

    Attributes:
        link_token: What the link carries, or None for a mail with a code only.
        code: None for a mail with a link only.
    """

    link_token: str | None = field(repr=False)
    link_hash: str | None = field(repr=False)
    code: str | None = field(repr=False)
    code_hash: str | None = field(repr=False)


class MailedSecrets:
    """Args:
    lifetime: Microseconds that a mail's secrets are good for.
    """

    def __init__(
        self,
        stores: Stores,
        limits: Limits,
        keys: Keys,
        slow_hash: SlowHash,
        clock: Clock,
        *,
        lifetime: int,
    ) -> None:
        self._stores = stores
        self._limits = limits
        self._keys = keys
        self._slow_hash = slow_hash
        self._clock = clock
        self._lifetime = lifetime

    @property
    def seconds(self) -> int:
        """How long a mail's secrets are good for."""
        return self._lifetime // SECOND

    def require_leave(
        self,
        purpose: Purpose,
        account: Account | None,
        *,
        typed: str,
        binding: Binding | None,
        visitor: Visitor,
    ) -> None:
        """Whether this visitor may ask for a mail now; before any transaction.

        Raises:
            TooSoon: This browser asked less than a minute ago.
            TooMany: One of the limits on mails is reached.
        """
        if binding is not None:
            binding.require_patience(purpose, now=self._clock())
        self._limits.mail(visitor, purpose, account, typed)

    def ask(
        self,
        unit: Unit,
        purpose: Purpose,
        account: Account | None,
        *,
        typed: str,
        binding: Binding | None,
        party: RelyingParty,
        visitor: Visitor,
        next_path: str = "",
    ) -> Binding:
        """Write the row that asks for a mail. Older ones that this browser asked for the same
        purpose are dead from then on.

        Args:
            account: Whose, or None where nobody has what was typed.
            typed: What to show back on the page.
            binding: The browser's, or None if it has none yet.
        """
        now = self._clock()
        binding = binding or new_binding()
        mail = Mail(
            id=str(uuid.uuid4()),
            account_id=account.id if account else None,
            purpose=purpose,
            binding_hash=binding.hash,
            session_id=visitor.live.session.id if visitor.live else None,
            origin=party.origin,
            next=next_path,
            user_agent=visitor.user_agent,
            asked_at=now,
            expires_at=now + self._lifetime,
            due_at=now,
            known_browser=account is not None and visitor.is_known_to(account),
        )
        unit.mails.ask(mail)
        return binding.with_asked(purpose, Asked(mail.id, typed, now))

    def mint(self, mail: Mail, *, with_code: bool) -> Minted:
        """New secrets for a mail, for the sender. Slow: a run of Argon2 for each."""
        code = random_code() if with_code else None
        code_hash = self._slow_hash.hash(code) if code else None
        if mail.purpose is Purpose.FRESH:  # typed into the page that asked; a link has no place
            return Minted(None, None, code, code_hash)
        token, text = mail_tokens.mint(mail.id, mail.purpose, self._keys)
        return Minted(text, self._slow_hash.hash(token.secret), code, code_hash)

    def look(self, token_text: str, purpose: Purpose, binding: Binding | None) -> Mail:
        """The mail that an opened link belongs to. Spends nothing: mail scanners click too.

        Raises:
            MailGone: Damaged, old, used or replaced.
            ElsewhereBegun: Good, but this browser did not ask for it.
        """
        token = mail_tokens.read(token_text, purpose, self._keys)
        mail = self._stores.mails.find(token.mail_id)
        now = self._clock()
        if mail is None or mail.purpose is not purpose or mail.expires_at <= now:
            raise MailGone("expired")
        if mail.killed_at is not None:
            raise MailGone("killed", replaced=mail.used_at is None)
        if mail.used_at is not None or mail.attempts >= MOST_TRIES:
            raise MailGone("used")
        if binding is None or binding.hash != mail.binding_hash:
            raise ElsewhereBegun
        return mail

    def show_link(
        self, token_text: str, purpose: Purpose, binding: Binding | None, client: Client
    ) -> Mail:
        """Check the secret of a link, at the cost of a try.

        Raises:
            MailGone: Damaged, old, used, replaced, or of another browser.
            TooMany: Too many failed from where it comes; nothing was spent.
            TooBusy: No slot for slow hashing; nothing was spent.
        """
        token = mail_tokens.read(token_text, purpose, self._keys)
        with self._limits.attempt(client):
            with self._slow_hash.slot():
                mail = self._spend_try(token.mail_id, purpose, binding, by_code=False)
                fits = self._slow_hash.fits(token.secret, mail.link_hash if mail else None)
            if mail is None or not fits:
                raise MailGone("no such mail, or the secret does not fit")
            return mail

    def show_code(
        self, typed: str, purpose: Purpose, binding: Binding | None, client: Client
    ) -> Mail:
        """Check a typed code against the newest mail of this browser, at the cost of a try.

        Raises:
            FieldsRefused: It cannot be a code; nothing was spent.
            TooMany: Too many failed from where it comes; nothing was spent.
            WrongCode: It does not match.
            MailGone: There is no mail it could match.
            TooBusy: No slot for slow hashing; nothing was spent.
        """
        code = typed_code(typed)
        if code is None:
            raise FieldsRefused({"code": "missing" if not typed.strip() else "malformed"})
        asked = binding.asked(purpose) if binding else None
        if asked is None:
            raise MailGone("this browser asked for none")
        with self._limits.attempt(client):
            with self._slow_hash.slot():
                mail = self._spend_try(asked.mail_id, purpose, binding, by_code=True)
                fits = self._slow_hash.fits(code, mail.code_hash if mail else None)
            if mail is None:
                raise MailGone("spent, killed or expired")
            if not fits:
                raise WrongCode(tries_left=MOST_TRIES - mail.attempts)
            return mail

    def _spend_try(
        self, mail_id: str, purpose: Purpose, binding: Binding | None, *, by_code: bool
    ) -> Mail | None:
        return self._stores.mails.spend_try(
            mail_id,
            purpose=purpose,
            binding_hash=binding.hash if binding else b"",
            limit=MOST_TRIES,
            now=self._clock(),
            by_code=by_code,
        )
