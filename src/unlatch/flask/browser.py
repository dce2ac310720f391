"""What this browser is remembered by: an id of its own, and the account it last opened."""

import secrets
import uuid
from dataclasses import dataclass

from flask import g

from unlatch.core.records import Account, Method
from unlatch.core.secrets import digest
from unlatch.flask import cookies
from unlatch.flask.state import gate

_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Remembered:
    """Attributes:
    by_email: Whether it last signed in by e-mail, so that e-mail is offered first.
    """

    account_id: str
    by_email: bool


def known_hash() -> bytes:
    """The hash of this browser's id, or empty where it has none of ours."""
    own_id = _opened("browser", cookies.BROWSER)
    return digest(own_id) if len(own_id) == _ID_BYTES else b""


def make_known() -> bytes:
    """Give the browser an id if it has none, renew its cookie, and give the id's hash."""
    if "unlatch_browser" not in g:
        g.unlatch_browser = _opened("browser", cookies.BROWSER) or secrets.token_bytes(_ID_BYTES)
        cookies.BROWSER.write(gate().keys.seal("browser", g.unlatch_browser))
    return digest(g.unlatch_browser)


def remember(account: Account, method: Method) -> None:
    """After a success: skip the question who it is for the next 30 days."""
    by_email = b"\1" if method is Method.EMAIL else b"\0"
    value = uuid.UUID(account.id).bytes + by_email
    cookies.REMEMBERED.write(gate().keys.seal("remembered", value))


def remembered() -> Remembered | None:
    """Who last signed in here."""
    value = _opened("remembered", cookies.REMEMBERED)
    if len(value) != _ID_BYTES + 1:
        return None
    return Remembered(str(uuid.UUID(bytes=value[:_ID_BYTES])), value[_ID_BYTES:] == b"\1")


def forget() -> None:
    """Use another account."""
    cookies.REMEMBERED.clear()


def _opened(use: str, cookie: cookies.Cookie) -> bytes:
    try:
        return gate().keys.open(use, cookie.read())
    except ValueError:
        return b""
