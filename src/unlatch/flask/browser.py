"""What this browser is remembered by: an id of its own, and the account it last opened."""

import secrets
import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unlatch.core.kinds import Method
from unlatch.core.secrets import digest
from unlatch.flask import cookies
from unlatch.flask.memory import memory
from unlatch.flask.state import gate

if TYPE_CHECKING:
    from unlatch.core.records import Account

_ID_BYTES = 16
_REMEMBERED = struct.Struct(">16s??q")


@dataclass(frozen=True, slots=True)
class Remembered:
    """Attributes:
    by_email: Whether it last signed in by e-mail, so that e-mail is offered first.
    proved: Whether the account's address was proved by then.
    """

    account_id: str
    by_email: bool
    proved: bool


def known_hash() -> bytes:
    """The hash of this browser's id, or empty where it has none of ours."""
    own_id = _own_id()
    return digest(own_id) if own_id else b""


def make_known() -> bytes:
    """Give the browser an id if it has none, renew its cookie, and give the id's hash."""
    own_id = memory().browser_id = _own_id() or secrets.token_bytes(_ID_BYTES)
    cookies.BROWSER.write(gate().keys.seal("browser", own_id))
    return digest(own_id)


def _own_id() -> bytes:
    known = memory()
    if known.browser_id is None:
        own_id = _opened("browser", cookies.BROWSER)
        known.browser_id = own_id if len(own_id) == _ID_BYTES else b""
    return known.browser_id


def remember(account: "Account", method: Method, *, proved: bool) -> None:
    """After a success: skip the question who it is for the next 30 days.

    Args:
        proved: Whether the address was proved before, or by this. Not whether it is by now: its
            owner may have come since, and this may be a squatter's browser.
    """
    whose, by_email = uuid.UUID(account.id).bytes, method is Method.EMAIL
    value = _REMEMBERED.pack(whose, by_email, proved, gate().clock())
    cookies.REMEMBERED.write(gate().keys.seal("remembered", value))


def remembered() -> Remembered | None:
    """Who last signed in here, in the last 30 days."""
    value = _opened("remembered", cookies.REMEMBERED)
    if len(value) != _REMEMBERED.size:
        return None
    whose, by_email, proved, at = _REMEMBERED.unpack(value)
    if at <= gate().clock() - cookies.BROWSER_LIFETIME:  # a copy of it does not end by itself
        return None
    return Remembered(str(uuid.UUID(bytes=whose)), by_email, proved)


def remembered_account() -> "Account | None":
    """The account of who last signed in here, unless it has become somebody else's since: a
    squatter is not to be greeted by its owner's name.
    """
    known = remembered()
    account = gate().accounts.find(known.account_id) if known else None
    return account if known and account and account.is_still_theirs(proved=known.proved) else None


def last_success() -> bytes:
    """What is another with every sign-in in this browser, whoever's it was."""
    return digest(cookies.REMEMBERED.read().encode())


def forget() -> None:
    """Use another account."""
    cookies.REMEMBERED.clear()


def _opened(use: str, cookie: cookies.Cookie) -> bytes:
    try:
        return gate().keys.open(use, cookie.read())
    except ValueError:
        return b""
