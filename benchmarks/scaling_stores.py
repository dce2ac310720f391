"""How long the statements of a session and of a sign-in take, by the stores themselves: one thread,
no HTTP, no signatures.
"""

import secrets
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TypeVar

from unlatch.core import events
from unlatch.core.ceremonies import mark_time
from unlatch.core.kinds import Method
from unlatch.core.ports import Stores
from unlatch.core.proof import Proof
from unlatch.core.records import KnownPasskey, PasskeyUse, Session
from unlatch.core.times import DAY

_WARM_UP = 20
T = TypeVar("T")


@dataclass(frozen=True)
class Times:
    """Of many, in seconds."""

    what: str
    p50: float
    p99: float

    @classmethod
    def of(cls, what: str, seconds: list[float]) -> "Times":
        return cls(what, median(seconds), quantiles(seconds, n=100)[-1])


def session_selects(stores: Stores, tokens: list[bytes]) -> Times:
    """What every request with a session's cookie asks, for sessions of these token hashes."""

    def find(token: bytes) -> None:
        if stores.sessions.find(token, now=_now(), idle=30 * DAY) is None:
            raise SystemExit("a session is not there")

    return Times.of("a session's select", _timed(find, tokens))


def sign_ins(stores: Stores, credentials: list[bytes]) -> Times:
    """What a sign-in asks and writes, for passkeys of these ids: a select, and a transaction of
    four statements and a COMMIT that waits for the disk.
    """

    def sign_in(credential: bytes) -> None:
        known = stores.passkeys.find(credential, now=_now())
        if known is None:
            raise SystemExit("a passkey is not there")
        _sign_in(stores, known, _now())

    return Times.of("a sign-in's statements", _timed(sign_in, credentials))


def _sign_in(stores: Stores, known: KnownPasskey, now: int) -> None:
    mark = mark_time(now) + secrets.token_bytes(16)
    passkey = known.passkey
    proof = Proof(
        account=known.account, method=Method.PASSKEY, at=now, source=mark, passkey_id=passkey.id
    )
    session = Session(
        id=str(uuid.uuid4()),
        token_hash=secrets.token_bytes(32),
        account_id=known.account.id,
        method=Method.PASSKEY,
        passkey_id=passkey.id,
        began_at=now,
        proved_at=now,
        proof_method=Method.PASSKEY,
        proof_passkey_id=passkey.id,
        ceremony_id=mark,
        user_agent="a browser's own words" * 5,
        last_seen_at=now,
        expires_at=now + 30 * DAY,
    )
    use = PasskeyUse(passkey=passkey, sign_count=0, backed_up=True)
    with stores.unit() as unit:
        unit.admit(use, session, events.signed_in(proof))


def _timed(work: Callable[[T], None], given: Iterable[T]) -> list[float]:
    took = []
    for one in given:
        began = time.perf_counter()
        work(one)
        took.append(time.perf_counter() - began)
    return took[_WARM_UP:]


def _now() -> int:
    return time.time_ns() // 1000
