"""Sessions: started from a `Proof`, resumed by a cookie's random bytes, proved again, ended."""

import logging
import uuid
from dataclasses import dataclass, field, replace

from unlatch.core import events
from unlatch.core.kinds import Method
from unlatch.core.ports import Stores, Unit
from unlatch.core.proof import Proof
from unlatch.core.records import LiveSession, PasskeyUse, Session
from unlatch.core.secrets import SECRET_BYTES, digest, from_base64url, random_secret, to_base64url
from unlatch.core.times import MINUTE, Clock
from unlatch.core.visitor import Visitor
from unlatch.errors import NotFound, StoreError

MOST_SESSIONS = 20
"""Per account; one more ends the least recently seen."""

SEEN_EVERY = 10 * MINUTE
"""How often `last_seen_at` is written at most."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a finished sign-in, registration or step-up gives.

    Attributes:
        token: For the session cookie; kept nowhere else.
    """

    proof: Proof
    session: Session
    token: str = field(repr=False)

    @property
    def live(self) -> LiveSession:
        """The session, and who is signed in by it."""
        return LiveSession(session=self.session, account=self.proof.account)


class Sessions:
    """Signed-in browsers.

    Args:
        idle: Microseconds without a request after which a session counts no more.
        lifetime: Microseconds after which it counts no more in any case.
    """

    def __init__(self, stores: Stores, clock: Clock, *, idle: int, lifetime: int) -> None:
        self._stores = stores
        self._clock = clock
        self._idle = idle
        self._lifetime = lifetime

    def start(self, unit: Unit, proof: Proof, visitor: Visitor) -> SignedIn:
        """Begin a session inside a transaction; the one this browser had before ends with it.

        Raises:
            NotSignedIn: The account is gone or disabled.
            CeremonyGone: The proof's source made a session before.
        """
        begun = self._begun(proof, visitor)
        others = unit.sessions.add(begun.session)
        unit.events.add(events.signed_in(proof))
        _end_what_it_replaces(unit, begun, visitor, others)
        return begun

    def start_by_passkey(
        self, unit: Unit, proof: Proof, visitor: Visitor, use: PasskeyUse
    ) -> SignedIn:
        """As `start`, by an answer that lets in once, and only while its passkey is there as it was
        read.

        Raises:
            CeremonyGone, PasskeyRefused: As `Unit.admit` does.
        """
        begun = self._begun(proof, visitor)
        others = unit.admit(use, begun.session, events.signed_in(proof))
        _end_what_it_replaces(unit, begun, visitor, others)
        return begun

    def prove_again(self, unit: Unit, proof: Proof, live: LiveSession) -> SignedIn:
        """Step up: write a new proof into a session and give it a new token; the old one is
        dead, so that a stolen one does not become fresh.

        Raises:
            NotSignedIn: The session ended meanwhile.
            CeremonyGone: The proof's source was used before.
        """
        token = random_secret()
        session = replace(
            live.session,
            token_hash=digest(token),
            proved_at=proof.at,
            proof_method=proof.method,
            proof_passkey_id=proof.passkey_id,
            ceremony_id=proof.source,
            last_seen_at=proof.at,
        )
        unit.sessions.prove(live.session.token_hash, session)
        unit.events.add(events.proved_again(proof))
        return SignedIn(proof, session, to_base64url(token))

    def resume(self, token: str) -> LiveSession | None:
        """The session that a cookie's token opens, or None.

        Costs one select, and one update at most every ten minutes, which never fails a
        request.

        Raises:
            StoreError: The database is away.
        """
        try:
            secret = from_base64url(token)
        except ValueError:
            return None
        if len(secret) != SECRET_BYTES:
            return None
        now = self._clock()
        live = self._stores.sessions.find(digest(secret), now=now, idle=self._idle)
        if live is not None and live.session.last_seen_at <= now - SEEN_EVERY:
            self._saw(live, now)
        return live

    def of(self, live: LiveSession) -> list[Session]:
        """All sessions of the account that count, most recently seen first."""
        return self._stores.sessions.of(live.account.id, now=self._clock(), idle=self._idle)

    def sign_out(self, live: LiveSession) -> None:
        """End a session by the wish of whose it is."""
        with self._stores.unit() as unit:
            if _end(unit, live):
                unit.events.add(events.signed_out(live.account.id, at=self._clock()))

    def end(self, live: LiveSession, session_id: str) -> None:
        """End another session of the same account.

        Raises:
            NotFound: The account has no such other session.
        """
        if session_id == live.session.id:
            raise NotFound("this one ends by signing out")
        with self._stores.unit() as unit:
            if not unit.sessions.end_one(live.account.id, session_id):
                raise NotFound("no such session")
            unit.events.add(events.session_ended(live.account.id, at=self._clock()))

    def _begun(self, proof: Proof, visitor: Visitor) -> SignedIn:
        """Not written yet."""
        token = random_secret()
        by_passkey = proof.method is Method.PASSKEY
        session = Session(
            id=str(uuid.uuid4()),
            token_hash=digest(token),
            account_id=proof.account.id,
            method=proof.method,
            passkey_id=proof.passkey_id if by_passkey else None,
            began_at=proof.at,
            proved_at=proof.at,
            proof_method=proof.method,
            proof_passkey_id=proof.passkey_id,
            ceremony_id=proof.source,
            user_agent=visitor.user_agent,
            last_seen_at=proof.at,
            expires_at=proof.at + self._lifetime,
        )
        return SignedIn(proof, session, to_base64url(token))

    def _saw(self, live: LiveSession, now: int) -> None:
        try:
            self._stores.sessions.touch(live.session.token_hash, now=now)
        except StoreError:
            log.warning("could not write when a session was last seen", exc_info=True)


def _end_what_it_replaces(unit: Unit, begun: SignedIn, visitor: Visitor, others: int) -> None:
    """The session that this browser had, and of the others those that are too many."""
    if visitor.live is not None:
        _end(unit, visitor.live)
    # Counted as it was written, with the account held: many at once would each read too few.
    if others >= MOST_SESSIONS:
        unit.sessions.end_beyond(begun.proof.account.id, keep=MOST_SESSIONS)


def _end(unit: Unit, live: LiveSession) -> bool:
    # By its id: its token may have changed since it was read, by a proof in another tab.
    return unit.sessions.end_one(live.account.id, live.session.id)
