"""What somebody typed, carried in the address of the next page.

Sealed, because addresses are kept in histories and logs; with the time and with whose it is,
because whoever is sent such an address should not be shown what somebody else typed.
"""

import json
from collections.abc import Mapping

from unlatch.core.times import MINUTE
from unlatch.flask.state import gate

LIVES = 15 * MINUTE


def sealed(use: str, fields: Mapping[str, str], *, whose: str) -> str:
    """For the address.

    Args:
        use: The page that it is for; it opens for no other.
        whose: What tells who typed it: the id of a session, or the last success in a browser.
    """
    content = json.dumps([gate().clock(), whose, dict(fields)], ensure_ascii=False)
    return gate().keys.seal(f"typed:{use}", content.encode())


def opened(use: str, carried: str, *, whose: str) -> dict[str, str]:
    """Undo `sealed`; empty where it is too old, somebody else's, or not ours at all."""
    try:
        content = gate().keys.open(f"typed:{use}", carried)
    except ValueError:
        return {}
    sealed_at, typed_by, fields = json.loads(content)
    if typed_by != whose or sealed_at <= gate().clock() - LIVES:
        return {}
    kept: dict[str, str] = fields
    return kept
