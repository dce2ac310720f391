"""The binding: what ties a mailed secret to the browser that asked for it.

It travels sealed in that browser's cookie: a secret of its own, whose hash is in the
row of each mail it asked for, and the newest mail for each purpose.
"""

from dataclasses import dataclass, field, replace

import msgspec

from unlatch.core.keys import Keys
from unlatch.core.kinds import Purpose
from unlatch.core.secrets import digest, random_secret
from unlatch.core.times import MINUTE, SECOND
from unlatch.errors import TooSoon

ASK_AGAIN_AFTER = MINUTE
LIFETIME = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Asked:
    """A mail that this browser asked for.

    Attributes:
        typed: What was typed, to be shown back; never what we know of it.
        at: Microseconds.
    """

    mail_id: str
    typed: str
    at: int


@dataclass(frozen=True, slots=True)
class Binding:
    """Attributes:
    secret: 32 random bytes of this browser.
    newest: The newest mail for each purpose.
    """

    secret: bytes = field(repr=False)
    newest: dict[str, Asked]

    @property
    def hash(self) -> bytes:
        """What the rows of its mails keep."""
        return digest(self.secret)

    def asked(self, purpose: Purpose) -> Asked | None:
        """The newest mail asked for this purpose."""
        return self.newest.get(purpose.value)

    def with_asked(self, purpose: Purpose, asked: Asked) -> "Binding":
        """The binding that remembers a new mail."""
        return replace(self, newest={**self.newest, purpose.value: asked})

    def without(self, purpose: Purpose) -> "Binding":
        """The binding with no mail for this purpose, so that the next need not wait."""
        kept = {name: asked for name, asked in self.newest.items() if name != purpose.value}
        return replace(self, newest=kept)

    def require_patience(self, purpose: Purpose, *, now: int) -> None:
        """One mail a minute.

        Raises:
            TooSoon: With the seconds left.
        """
        left = self.seconds_until_again(purpose, now=now)
        if left:
            raise TooSoon(left)

    def seconds_until_again(self, purpose: Purpose, *, now: int) -> int:
        """Seconds until this browser may ask again for this purpose."""
        asked = self.asked(purpose)
        if asked is None:
            return 0
        return max(0, -((now - asked.at - ASK_AGAIN_AFTER) // SECOND))


_BINDING = msgspec.json.Decoder(Binding)
"""Made here, since threads that would make it at once would crash the process (`answer.py`)."""


def new_binding() -> Binding:
    """For a browser that has none."""
    return Binding(random_secret(), {})


def seal(binding: Binding, keys: Keys) -> str:
    """For the cookie."""
    return keys.seal("binding", msgspec.json.encode(binding))


def open_sealed(sealed: str, keys: Keys, *, now: int) -> Binding | None:
    """The binding, or None where it is not ours or older than fifteen minutes."""
    try:
        binding = _BINDING.decode(keys.open("binding", sealed))
    except (ValueError, msgspec.MsgspecError):
        return None
    newest = max((one.at for one in binding.newest.values()), default=0)
    return binding if newest > now - LIFETIME else None
