"""The binding cookie in and out, and the token of an opened link."""

from unlatch.core import binding
from unlatch.core.binding import Binding
from unlatch.core.kinds import Purpose
from unlatch.flask import cookies
from unlatch.flask.state import gate


def read() -> Binding | None:
    """What ties mails to this browser, if it asked for any lately."""
    return binding.open_sealed(cookies.BINDING.read(), gate().keys, now=gate().clock())


def write(bound: Binding) -> None:
    """Renew it; asking makes it live another fifteen minutes."""
    cookies.BINDING.write(binding.seal(bound, gate().keys))


def keep_opened(token: str, purpose: Purpose) -> None:
    """Take a link's token out of the address, where it would stay in the history."""
    sealed = gate().keys.seal(f"opened-link:{purpose.value}", token.encode())
    cookies.OPENED_LINK.write(sealed)


def opened(purpose: Purpose) -> str:
    """The token of the link that was opened here for this purpose, or the empty string."""
    try:
        value = gate().keys.open(f"opened-link:{purpose.value}", cookies.OPENED_LINK.read())
        return value.decode()
    except ValueError:
        return ""
