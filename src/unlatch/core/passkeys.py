"""Passkeys: register, sign in, prove again. Each is a ceremony: begun here, answered by a
device, finished here. What else is done with passkeys is in `keyring.py`.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from unlatch.core import ceremonies, events, names
from unlatch.core.answer import Answer
from unlatch.core.browsers import browser_name, sentence_case
from unlatch.core.ceremonies import Ceremony, CeremonyKind
from unlatch.core.cose_keys import nobodys_key
from unlatch.core.decoys import Decoys
from unlatch.core.freshness import Freshness
from unlatch.core.keys import Keys
from unlatch.core.kinds import Method, Purpose
from unlatch.core.limits import Limits
from unlatch.core.notices import tell
from unlatch.core.party import RelyingParty
from unlatch.core.passkey_options import creation_options, request_options
from unlatch.core.policy import Change
from unlatch.core.ports import Stores
from unlatch.core.proof import Proof
from unlatch.core.providers import provider_name
from unlatch.core.records import Descriptor, KnownPasskey, LiveSession, Passkey, PasskeyUse
from unlatch.core.sessions import Sessions, SignedIn
from unlatch.core.times import Clock
from unlatch.core.visitor import Visitor
from unlatch.core.webauthn import (
    VerifiedRegistration,
    verify_assertion,
    verify_registration,
    what_is_amiss,
)
from unlatch.errors import CeremonyGone, PasskeyExists, PasskeyRefused, TooManyPasskeys

MOST_PASSKEYS = 20
"""Per account."""

SealedCeremonies = Mapping[str, str]
"""A browser's ceremony cookies, by the 16 characters that end their names."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A ceremony to send to a browser.

    Attributes:
        options: `PublicKeyCredential…OptionsJSON`.
        cookie_name: The 16 characters that end the name of its cookie.
        sealed: The cookie's value.
    """

    options: dict[str, object]
    cookie_name: str
    sealed: str = field(repr=False)


class Passkeys:
    """Register passkeys and sign in with them."""

    def __init__(
        self,
        stores: Stores,
        limits: Limits,
        sessions: Sessions,
        freshness: Freshness,
        keys: Keys,
        decoys: Decoys,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._limits = limits
        self._sessions = sessions
        self._freshness = freshness
        self._keys = keys
        self._decoys = decoys
        self._clock = clock

    def begin_sign_in(self, party: RelyingParty) -> Begun:
        """Begin without a name: whoever has a passkey for this site. Touches no store."""
        ceremony = ceremonies.begin(CeremonyKind.SIGN_IN, now=self._clock())
        return self._asking_for(ceremony, [], party)

    def begin_named_sign_in(self, identifier: str, party: RelyingParty) -> Begun:
        """Begin for the account of a username or address in any spelling. Nobody of that name,
        or somebody whom an operator shut out: a ceremony that looks like every other, and that
        no passkey can finish.
        """
        address_key, username_key = names.identifier_keys(identifier)
        name = address_key or username_key or names.unusable(identifier)
        # Both are worked out whichever it will be, so that the time does not tell.
        decoys = self._decoys.of(name)
        named = self._stores.passkeys.named(username_key=username_key, address_key=address_key)
        ceremony = ceremonies.begin(
            CeremonyKind.SIGN_IN, now=self._clock(), account_id=named.account_id, named=True
        )
        return self._asking_for(ceremony, named.passkeys or decoys, party)

    def begin_remembered_sign_in(
        self, account_id: str, party: RelyingParty, *, is_theirs: bool
    ) -> Begun:
        """Begin for the account that a browser remembers.

        Args:
            is_theirs: Whether it is there, and still whose it was then; if not, the ceremony
                looks like any other, and no passkey can finish it.
        """
        ceremony = ceremonies.begin(
            CeremonyKind.SIGN_IN,
            now=self._clock(),
            account_id=account_id if is_theirs else None,
            named=True,
        )
        passkeys = self._stores.passkeys.of(ceremony.account_id)
        return self._asking_for(ceremony, passkeys or self._decoys.of(account_id), party)

    def finish_sign_in(
        self, answer: Answer, sealed: SealedCeremonies, party: RelyingParty, visitor: Visitor
    ) -> SignedIn:
        """Finish a sign-in and start the session of whose passkey it was.

        Everything is checked before the transaction opens, so a refused answer leaves no
        trace, but for an event when a good signature came with a counter that stood still or
        another backup eligibility. The ceremony's mark inside the transaction lets one answer
        in once, however many arrive together.

        Raises:
            CeremonyGone: It expired, was answered before, or never was.
            PasskeyRefused: Unknown here, or one of the checks failed.
            TooMany: Too many failed from where it comes.
        """
        with self._limits.attempt(visitor.client):
            ceremony = self._open(answer, sealed, CeremonyKind.SIGN_IN)
            known, use = self._verified(answer, ceremony, party)
            account, proof = known.account, self._proof(known, ceremony)
            with self._stores.unit() as unit:
                signed_in = self._sessions.start_by_passkey(unit, proof, visitor, use)
                # Not where nobody has proved the address: whoever squats there would sign in
                # again and again, and so kill each mail by which its owner could come.
                if known.has_pending_mail and account.confirmed_at is not None:
                    unit.mails.kill_pending(account.id, now=proof.at)
                if account.code_failures:
                    unit.accounts.forgive(account.id)
            return signed_in

    def begin_step_up(
        self, live: LiveSession, party: RelyingParty, *, change: Change | None = None
    ) -> Begun:
        """Begin to prove that it is still the same person, in this session.

        Args:
            change: What for, so that only passkeys which would do are asked for; None where
                any will.
        """
        ceremony = self._bound(CeremonyKind.STEP_UP, live)
        known = self._stores.passkeys.of(live.account.id)
        ways = self._freshness.ways_to_prove(live.account, known, change, now=self._clock())
        allowed = ways.passkeys or self._decoys.of(live.account.id)
        return self._asking_for(ceremony, allowed, party)

    def finish_step_up(
        self,
        answer: Answer,
        sealed: SealedCeremonies,
        party: RelyingParty,
        live: LiveSession,
        visitor: Visitor,
    ) -> SignedIn:
        """Prove again, by a passkey of this account, in the session that asked.

        Raises:
            CeremonyGone, PasskeyRefused, TooMany: As in `finish_sign_in`.
            NotSignedIn: The session ended meanwhile.
        """
        with self._limits.attempt(visitor.client):
            ceremony = self._open(answer, sealed, CeremonyKind.STEP_UP)
            self._require_bound(ceremony, live)
            known, use = self._verified(answer, ceremony, party)
            proof = self._proof(known, ceremony)
            with self._stores.unit() as unit:
                unit.ceremonies.spend(ceremony.mark)
                unit.passkeys.record_use(use, now=proof.at)
                return self._sessions.prove_again(unit, proof, live)

    def may_add(self, live: LiveSession) -> list[Passkey]:
        """The passkeys there are, if this session may add one now.

        Raises:
            NotFresh: The session wants a new proof first.
            TooManyPasskeys: The account has twenty.
        """
        known = self._stores.passkeys.of(live.account.id)
        self._freshness.require(live, known, Change.ADD_PASSKEY, now=self._clock())
        if len(known) >= MOST_PASSKEYS:
            raise TooManyPasskeys
        return known

    def begin_registration(self, live: LiveSession, party: RelyingParty) -> Begun:
        """Begin to add a passkey to the account of a session.

        Raises:
            NotFresh: The session wants a new proof first.
            TooManyPasskeys: The account has twenty.
        """
        known = self.may_add(live)
        ceremony = self._bound(CeremonyKind.ADD_PASSKEY, live)
        options = creation_options(live.account, known, ceremony.challenge, party)
        return self._begun(ceremony, options)

    def finish_registration(
        self,
        answer: Answer,
        sealed: SealedCeremonies,
        party: RelyingParty,
        live: LiveSession,
        visitor: Visitor,
    ) -> Passkey:
        """Add the passkey that the device made, and tell the account's address of it.

        Raises:
            CeremonyGone, PasskeyRefused, TooMany: As in `finish_sign_in`.
            NotFresh: The proof became too old meanwhile.
            NotSignedIn: The session ended meanwhile.
            PasskeyExists, TooManyPasskeys: As they say.
        """
        with self._limits.attempt(visitor.client):
            ceremony = self._open(answer, sealed, CeremonyKind.ADD_PASSKEY)
            self._require_bound(ceremony, live)
            # As of its beginning: the device may take its time, and the beginning was fresh.
            known = self._stores.passkeys.of(live.account.id)
            self._freshness.require(live, known, Change.ADD_PASSKEY, now=ceremony.begun_at)
            seen = verify_registration(answer, ceremony.challenge, party)
            passkey = self._new(seen, live, known, visitor)
            told = self._limits.lets_notice_out(visitor, live.account)
            is_decoy = self._decoys.has(passkey.credential_id)
            with self._stores.unit() as unit:
                unit.ceremonies.spend(ceremony.mark)
                # Inside the transaction: a squatter's answer that arrives while the owner of
                # the address takes the account over must not leave a passkey behind.
                unit.sessions.require(live.session.token_hash)
                unit.passkeys.add(passkey, limit=MOST_PASSKEYS)
                if is_decoy:
                    # As if somebody had it: an id that is free would tell that it was a decoy.
                    raise PasskeyExists("a decoy")
                now = passkey.added_at
                unit.events.add(events.passkey_added(passkey, at=now))
                if told:
                    tell(
                        unit, Purpose.PASSKEY_ADDED, live.account, passkey, party, visitor, now=now
                    )
            return passkey

    def _new(
        self,
        seen: VerifiedRegistration,
        live: LiveSession,
        known: Sequence[Passkey],
        visitor: Visitor,
    ) -> Passkey:
        now = self._clock()
        return Passkey(
            id=str(uuid.uuid4()),
            account_id=live.account.id,
            credential_id=seen.credential_id,
            public_key=seen.public_key,
            sign_count=seen.sign_count,
            backup_eligible=seen.backup_eligible,
            backed_up=seen.backed_up,
            transports=seen.transports,
            aaguid=seen.aaguid,
            name=_first_name(seen.aaguid, visitor, known),
            added_on=self._freshness.added_on(live.session, known, now=now),
            added_at=now,
        )

    def _begun(self, ceremony: Ceremony, options: dict[str, object]) -> Begun:
        return Begun(options, ceremony.cookie_name, ceremonies.seal(ceremony, self._keys))

    def _asking_for(
        self, ceremony: Ceremony, allowed: Sequence[Passkey | Descriptor], party: RelyingParty
    ) -> Begun:
        """With these passkeys; none means "any", so whoever has none is given decoys."""
        return self._begun(ceremony, request_options(allowed, ceremony.challenge, party))

    def _bound(self, kind: CeremonyKind, live: LiveSession) -> Ceremony:
        return ceremonies.begin(
            kind,
            now=self._clock(),
            account_id=live.account.id,
            named=True,
            session_hash=live.session.token_hash,
        )

    def _require_bound(self, ceremony: Ceremony, live: LiveSession) -> None:
        bound_to = (ceremony.account_id, ceremony.session_hash)
        if bound_to != (live.account.id, live.session.token_hash):
            raise CeremonyGone("begun in another session")

    def _open(self, answer: Answer, sealed: SealedCeremonies, kind: CeremonyKind) -> Ceremony:
        return ceremonies.open_for_challenge(
            answer.challenge, sealed, kind=kind, keys=self._keys, now=self._clock()
        )

    def _verified(
        self, answer: Answer, ceremony: Ceremony, party: RelyingParty
    ) -> tuple[KnownPasskey, PasskeyUse]:
        known = self._stores.passkeys.find(answer.credential_id, now=self._clock())
        try:
            if known is None:
                raise self._unknown(answer, ceremony)
            _require_whose(answer, ceremony, known)
        except PasskeyRefused:
            # The signature is checked all the same: how long that takes would tell which of the
            # ids in a list are decoys.
            with suppress(PasskeyRefused):
                key = known.passkey.public_key if known else nobodys_key()
                verify_assertion(answer, ceremony.challenge, key, party)
            raise
        seen = verify_assertion(answer, ceremony.challenge, known.passkey.public_key, party)
        amiss = what_is_amiss(known.passkey, seen, at=self._clock())
        if amiss is not None:  # refused and recorded, never locking anyone out
            with self._stores.unit() as unit:
                unit.events.add(amiss)
            raise PasskeyRefused(amiss.kind)
        use = PasskeyUse(
            passkey=known.passkey, sign_count=seen.sign_count, backed_up=seen.backed_up
        )
        return known, use

    def _unknown(self, answer: Answer, ceremony: Ceremony) -> PasskeyRefused:
        """Nobody's passkey. The browser may have its device forget it, but is not told so where
        somebody was named, which would tell whether the name has this passkey; nor of a decoy,
        which would tell that the name it was shown for is nobody's.
        """
        unknown = not ceremony.named and not self._decoys.has(answer.credential_id)
        return PasskeyRefused("unknown passkey", unknown=unknown)

    def _proof(self, known: KnownPasskey, ceremony: Ceremony) -> Proof:
        return Proof(
            account=known.account,
            method=Method.PASSKEY,
            at=self._clock(),
            source=ceremony.mark,
            passkey_id=known.passkey.id,
        )


def _first_name(aaguid: str, visitor: Visitor, known: Sequence[Passkey]) -> str:
    """Of who made it, or the browser; numbered where another is called so: a list in which two
    look alike leaves one guessing which to remove.
    """
    called = provider_name(aaguid) or sentence_case(browser_name(visitor.user_agent))
    taken = {one.name for one in known}
    numbered = (f"{called} {number}" for number in range(2, len(taken) + 2))
    return next(name for name in (called, *numbered) if name not in taken)


def _require_whose(answer: Answer, ceremony: Ceremony, known: KnownPasskey) -> None:
    """Steps 5 and 6 of section 7.2: whose passkey it must be, asked of the store."""
    account, passkey = known.account, known.passkey
    if ceremony.named:
        if account.id != ceremony.account_id:
            raise PasskeyRefused("another account's passkey")
        if passkey.added_at > ceremony.begun_at:
            raise PasskeyRefused("younger than its ceremony")
    elif answer.user_handle is None:
        raise PasskeyRefused("no user handle in a ceremony without a name")
    if answer.user_handle is not None and answer.user_handle != account.user_handle:
        raise PasskeyRefused("another account's user handle")
