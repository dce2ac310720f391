"""A clock that moves when told, and records to reason about."""

from collections.abc import Callable
from typing import Any

import pytest

from unlatch.core.keys import Keys
from unlatch.core.kinds import Method
from unlatch.core.records import Account, Passkey, Session
from unlatch.core.times import SECOND

NOW = 1_800_000_000 * SECOND


@pytest.fixture
def now() -> int:
    return NOW


@pytest.fixture
def keys() -> Keys:
    return Keys([b"0123456789abcdef0123456789abcdef"])


@pytest.fixture
def account() -> Account:
    return Account(
        id="6d3d0c1e-0000-4000-8000-000000000001",
        username="Anna",
        username_key="anna",
        display_name="",
        address="anna@example.org",
        address_key="anna@example.org",
        user_handle=b"h" * 64,
        browser_hash=b"b" * 32,
        created_at=NOW,
    )


@pytest.fixture
def passkey() -> Callable[..., Passkey]:
    """`passkey(id, **changes)`."""

    def make(passkey_id: str = "key", **changes: Any) -> Passkey:
        fields: dict[str, Any] = {
            "id": passkey_id,
            "account_id": "anna",
            "credential_id": passkey_id.encode(),
            "public_key": b"",
            "sign_count": 0,
            "backup_eligible": True,
            "backed_up": True,
            "transports": (),
            "aaguid": "",
            "name": "Phone",
            "added_on": Method.PASSKEY,
            "added_at": NOW,
        }
        return Passkey(**(fields | changes))

    return make


@pytest.fixture
def session() -> Callable[..., Session]:
    """`session(**changes)`: signed in by a passkey called `key` just now."""

    def make(**changes: Any) -> Session:
        fields: dict[str, Any] = {
            "id": "session",
            "token_hash": b"t" * 32,
            "account_id": "anna",
            "method": Method.PASSKEY,
            "passkey_id": "key",
            "began_at": NOW,
            "proved_at": NOW,
            "proof_method": Method.PASSKEY,
            "proof_passkey_id": "key",
            "ceremony_id": b"c",
            "user_agent": "",
            "last_seen_at": NOW,
            "expires_at": NOW + 1,
        }
        return Session(**(fields | changes))

    return make
