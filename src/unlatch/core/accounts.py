"""Accounts: found by what people type, and registered."""

import secrets
import uuid
from collections.abc import Callable
from typing import TypeVar

from unlatch.core import events, names
from unlatch.core.addresses import UNCONFIRMED_LIFETIME, Addresses
from unlatch.core.binding import Binding
from unlatch.core.kinds import Method
from unlatch.core.limits import Limits
from unlatch.core.party import RelyingParty
from unlatch.core.ports import Stores
from unlatch.core.proof import Proof
from unlatch.core.records import Account
from unlatch.core.sessions import Sessions, SignedIn
from unlatch.core.times import Clock
from unlatch.core.visitor import Visitor
from unlatch.errors import FieldsRefused, RegistrationClosed

T = TypeVar("T")

_USER_HANDLE_BYTES = 64


class Accounts:
    """People here.

    Args:
        registration_open: Whether strangers may make an account.
    """

    def __init__(
        self,
        stores: Stores,
        limits: Limits,
        sessions: Sessions,
        addresses: Addresses,
        clock: Clock,
        *,
        registration_open: bool,
    ) -> None:
        self._stores = stores
        self._limits = limits
        self._sessions = sessions
        self._addresses = addresses
        self._clock = clock
        self._registration_open = registration_open

    def find(self, account_id: str) -> Account | None:
        """The account of that id, unless disabled."""
        return _enabled(self._stores.accounts.find(account_id))

    def called(self, identifier: str) -> Account | None:
        """The account of a username or address in any spelling, unless disabled."""
        address_key, username_key = names.identifier_keys(identifier)
        if address_key is not None:
            return _enabled(self._stores.accounts.by_address(address_key))
        if username_key is not None:
            return _enabled(self._stores.accounts.by_username(username_key))
        return None

    def register(
        self,
        *,
        name: str,
        username: str,
        email: str,
        party: RelyingParty,
        visitor: Visitor,
    ) -> tuple[SignedIn, Binding]:
        """Make an account, sign it in, and ask for the mail that proves its address, bound to
        the browser anew: what it asked for before was perhaps somebody else's.

        Until that is proved the address belongs to nobody (`Account.email` is None).

        Raises:
            RegistrationClosed: The site takes nobody new.
            FieldsRefused: With the reason for each field.
            UsernameTaken, AddressTaken: Somebody was first, in whatever spelling.
            TooMany: One of the limits is reached.
        """
        if not self._registration_open:
            raise RegistrationClosed
        account = self._new_account(name, username, email, visitor)
        proof = Proof(
            account=account,
            method=Method.REGISTRATION,
            at=account.created_at,
            source=account.id.encode(),
        )
        limited = self._limits.registration(visitor, account.address)
        with limited, self._stores.unit() as unit:
            unit.accounts.add(account, stale_before=account.created_at - UNCONFIRMED_LIFETIME)
            unit.events.add(events.registered(account.id, at=account.created_at))
            signed_in = self._sessions.start(unit, proof, visitor)
            asked = self._addresses.mail_confirmation(unit, account, None, party, visitor)
        return signed_in, asked

    def _new_account(self, name: str, username: str, email: str, visitor: Visitor) -> Account:
        faults: dict[str, str] = {}
        display = _field(faults, "name", names.display_name, name)
        spelled = _field(faults, "username", names.username, username)
        address = _field(faults, "email", names.address, email)
        if display is None or spelled is None or address is None:
            raise FieldsRefused(faults)
        return Account(
            id=str(uuid.uuid4()),
            username=spelled.kept,
            username_key=spelled.key,
            display_name=display,
            address=address.kept,
            address_key=address.key,
            user_handle=secrets.token_bytes(_USER_HANDLE_BYTES),
            browser_hash=visitor.browser_hash,
            created_at=self._clock(),
        )


def _enabled(account: Account | None) -> Account | None:
    return account if account and account.enabled else None


def _field(faults: dict[str, str], name: str, read: Callable[[str], T], typed: str) -> T | None:
    try:
        return read(typed)
    except ValueError as error:
        faults[name] = str(error)
        return None
