"""Sessions in memory."""

from collections.abc import Callable
from dataclasses import replace

from unlatch.core.records import LiveSession, Session
from unlatch.errors import CeremonyGone, NotSignedIn
from unlatch.stores.memory.rows import Reader, Rows, Writer, drop


class MemorySessionKeeper(Reader):
    def find(self, token_hash: bytes, *, now: int, idle: int) -> LiveSession | None:
        rows = self._rows
        session = rows.sessions.get(token_hash)
        if session is None or not _counts(rows, session, now, idle):
            return None
        return LiveSession(session=session, account=rows.accounts[session.account_id])

    def of(self, account_id: str, *, now: int, idle: int) -> list[Session]:
        rows = self._rows
        return [one for one in rows.sessions_of(account_id) if _counts(rows, one, now, idle)]

    def touch(self, token_hash: bytes, *, now: int) -> None:
        with self._memory.writing() as rows:
            session = rows.sessions.get(token_hash)
            if session is not None and session.last_seen_at < now:
                rows.sessions[token_hash] = replace(session, last_seen_at=now)

    def sweep(self, *, expired_before: int, most: int) -> int:
        with self._memory.writing() as rows:
            old = [one for one in rows.sessions.values() if one.expires_at < expired_before]
            oldest = sorted(old, key=lambda one: one.expires_at)[:most]
            return drop(rows.sessions, lambda one: one in oldest)


class MemorySessionWriter(Writer):
    def add(self, session: Session) -> int:
        self._refuse_used(session.ceremony_id)
        if self._rows.enabled(session.account_id) is None:
            raise NotSignedIn("the account is gone or disabled")
        self._rows.sessions[session.token_hash] = session
        return len(self._rows.sessions_of(session.account_id)) - 1

    def require(self, token_hash: bytes) -> None:
        session = self._rows.sessions.get(token_hash)
        if session is None or self._rows.enabled(session.account_id) is None:
            raise NotSignedIn("the session ended meanwhile, or the account is disabled")

    def prove(self, old_token_hash: bytes, session: Session) -> None:
        kept = self._rows.sessions.get(old_token_hash)
        if kept is None or self._rows.enabled(kept.account_id) is None:
            raise NotSignedIn("the session ended meanwhile, or the account is disabled")
        self._refuse_used(session.ceremony_id)
        del self._rows.sessions[old_token_hash]
        self._rows.sessions[session.token_hash] = replace(
            kept,
            token_hash=session.token_hash,
            proved_at=session.proved_at,
            proof_method=session.proof_method,
            proof_passkey_id=session.proof_passkey_id,
            ceremony_id=session.ceremony_id,
            last_seen_at=session.last_seen_at,
        )

    def end_one(self, account_id: str, session_id: str) -> bool:
        return bool(self._drop(lambda one: (one.account_id, one.id) == (account_id, session_id)))

    def end_begun_by(self, passkey_id: str, *, except_token_hash: bytes) -> int:
        return self._drop(
            lambda one: one.passkey_id == passkey_id and one.token_hash != except_token_hash
        )

    def end_all(self, account_id: str) -> int:
        return self._drop(lambda one: one.account_id == account_id)

    def end_beyond(self, account_id: str, *, keep: int) -> int:
        beyond = self._rows.sessions_of(account_id)[keep:]
        return self._drop(lambda one: one in beyond)

    def end_everybodys(self) -> int:
        return self._drop(lambda _: True)

    def _drop(self, falls: Callable[[Session], bool]) -> int:
        return drop(self._rows.sessions, falls)

    def _refuse_used(self, ceremony_id: bytes) -> None:
        if any(one.ceremony_id == ceremony_id for one in self._rows.sessions.values()):
            raise CeremonyGone("made a session before")


def _counts(rows: Rows, session: Session, now: int, idle: int) -> bool:
    return (
        session.expires_at > now
        and session.last_seen_at >= now - idle
        and rows.enabled(session.account_id) is not None
    )
