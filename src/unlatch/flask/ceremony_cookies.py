"""The cookies of ceremonies: kept when one begins, cleared when it is finished."""

from unlatch.core.answer import Answer
from unlatch.core.ceremonies import cookie_name, open_sealed
from unlatch.core.passkeys import Begun
from unlatch.errors import CeremonyGone
from unlatch.flask import cookies
from unlatch.flask.state import gate

MOST = 4
"""Per browser: more tabs than that push out the oldest."""


def keep(begun: Begun) -> None:
    """Set the cookie of a begun ceremony, and make room for it."""
    kept = sorted(cookies.ceremonies().items(), key=lambda one: _begun_at(one[1]), reverse=True)
    for name, _ in kept[MOST - 1 :]:
        cookies.ceremony(name).clear()
    cookies.ceremony(begun.cookie_name).write(begun.sealed)


def clear(answer: Answer) -> None:
    """Delete the cookie of the ceremony that was answered."""
    cookies.ceremony(cookie_name(answer.challenge)).clear()


def _begun_at(sealed: str) -> int:
    try:
        return open_sealed(sealed, gate().keys).begun_at
    except CeremonyGone:
        return 0
