"""What was found out for this request, and for no other.

Kept on the request itself. Not on `flask.g`: that belongs to the app context, which outlives a
request wherever somebody has pushed one around several, and what it remembered of one visitor would
be true of the next. Nor in the request's environment, with which a middleware may ask one app after
another: who is signed in at the first would be so at the second.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from unlatch.flask.current import current_request

if TYPE_CHECKING:
    from unlatch.core.records import LiveSession

_KEY = "_unlatch_memory"


@dataclass(slots=True)
class Memory:
    """Attributes:
    cookies_begin: What the names of all cookies of ours begin with.
    own_cookies: Those of ours that it carries, by their suffixes, once they were looked for.
    looked: Whether anybody asked who is there, so that the answer depends on it.
    asked_for_session: Whether the store was asked whose session it is; `live` is the answer.
    browser_id: The id in the browser cookie, empty where there is none of ours.
    let_in: Whether somebody was signed in by it.
    refused: The reason of what it was refused for, if it was.
    cookies: What its answer will have the browser keep or forget, as `Set-Cookie` says it.
    """

    cookies_begin: str | None = None
    own_cookies: dict[str, list[str]] | None = None
    looked: bool = False
    asked_for_session: bool = False
    live: "LiveSession | None" = None
    browser_id: bytes | None = None
    let_in: bool = False
    refused: str | None = None
    cookies: list[str] = field(default_factory=list)


def memory() -> Memory:
    """That of the current request."""
    kept = vars(current_request())
    found: Memory | None = kept.get(_KEY)
    if found is None:
        found = kept[_KEY] = Memory()
    return found
