"""Records for tests, and threads that all start at once."""

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from unlatch.core.kinds import Method, Purpose
from unlatch.core.ports import Stores
from unlatch.core.records import Account, Mail, Passkey, PasskeyUse, Session
from unlatch.core.times import DAY, HOUR, MINUTE

T = TypeVar("T")

NOW = 1_780_000_000_000_000
IDLE = 24 * HOUR
PATIENCE = 30.0
"""Seconds for another thread to begin."""

BINDING = b"binding of one browser".ljust(32, b".")
OTHER_BINDING = b"binding of another".ljust(32, b".")


def an_account(username: str = "Ada", **fields: Any) -> Account:
    key = username.casefold()
    values: dict[str, Any] = {
        "id": f"account-{key}",
        "username": username,
        "username_key": key,
        "display_name": f"{username} of Tests",
        "address": f"{username}@example.com",
        "address_key": f"{key}@example.com",
        "user_handle": key.encode().ljust(64, b"h"),
        "browser_hash": b"b" * 32,
        "created_at": NOW,
    }
    return Account(**values | fields)


def a_passkey(account: Account, name: str = "phone", **fields: Any) -> Passkey:
    values: dict[str, Any] = {
        "id": f"passkey-{account.username_key}-{name}",
        "account_id": account.id,
        "credential_id": f"credential of {name} of {account.username_key}".encode(),
        "public_key": b"\xa5\x01\x02" + name.encode(),
        "sign_count": 0,
        "backup_eligible": True,
        "backed_up": False,
        "transports": ("internal", "hybrid"),
        "aaguid": "00000000-0000-0000-0000-000000000000",
        "name": name,
        "added_on": Method.REGISTRATION,
        "added_at": NOW,
    }
    return Passkey(**values | fields)


def a_use(passkey: Passkey, **fields: Any) -> PasskeyUse:
    values: dict[str, Any] = {"passkey": passkey, "sign_count": 0, "backed_up": True}
    return PasskeyUse(**values | fields)


def a_session(account: Account, name: str = "laptop", **fields: Any) -> Session:
    values: dict[str, Any] = {
        "id": f"session-{account.username_key}-{name}",
        "token_hash": f"token of {name} of {account.username_key}".encode().ljust(32, b"."),
        "account_id": account.id,
        "method": Method.EMAIL,
        "passkey_id": None,
        "began_at": NOW,
        "proved_at": NOW,
        "proof_method": Method.EMAIL,
        "proof_passkey_id": None,
        "ceremony_id": f"ceremony of {name} of {account.username_key}".encode(),
        "user_agent": "Mozilla/5.0 (tests)",
        "last_seen_at": NOW,
        "expires_at": NOW + 30 * DAY,
    }
    return Session(**values | fields)


def a_mail(account: Account | None, purpose: Purpose = Purpose.SIGN_IN, **fields: Any) -> Mail:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "account_id": account.id if account else None,
        "purpose": purpose,
        "binding_hash": b"" if purpose.is_notice else BINDING,
        "session_id": None,
        "origin": "https://example.com",
        "next": "/after",
        "user_agent": "Mozilla/5.0 (tests)",
        "asked_at": NOW,
        "expires_at": NOW + 10 * MINUTE,
        "due_at": NOW,
    }
    return Mail(**values | fields)


def kept(stores: Stores, *records: Account | Passkey | Session | Mail) -> None:
    """Put records into the store, in one transaction."""
    with stores.unit() as unit:
        for record in records:
            match record:
                case Account():
                    unit.accounts.add(record, stale_before=0)
                case Passkey():
                    unit.passkeys.add(record, limit=1_000)
                case Session():
                    unit.sessions.add(record)
                case Mail():
                    unit.mails.ask(record)


class Meeting:
    """Where two that are in the middle of a transaction wait for each other, if that can be: a
    store that lets one in at a time, or has one wait for the other, lets them go on alone.
    """

    def __init__(self) -> None:
        self._both = threading.Barrier(2)

    def wait(self) -> None:
        with suppress(threading.BrokenBarrierError):
            self._both.wait(0.1)


def at_once(threads: int, work: Callable[[int], T]) -> list[T | Exception]:
    """What each thread's work gave or raised, all of them let go at the same moment."""
    barrier = threading.Barrier(threads)
    results: list[T | Exception] = [AssertionError("never ran")] * threads

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except Exception as error:
            results[number] = error

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results
