"""The visitor: what a request says of the browser it came from."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unlatch.core.records import Account, LiveSession


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from, as far as it is counted.

    Attributes:
        address: An IPv4 address, or the /64 of an IPv6 address: that is one household.
        network: Its /24 or /64.
        remembers: The account that the browser remembers: given after a sign-in only.
        remembers_proved: Whether the account's address was proved by then. If not, it may have
            become another's since.
    """

    address: str = ""
    network: str = ""
    remembers: str | None = None
    remembers_proved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Attributes:
    user_agent: The browser's own words, at most 512 characters. Chosen by a stranger.
    browser_hash: SHA-256 of the id in its browser cookie; empty where there is none.
    live: The session it is signed in with, if one.
    """

    client: Client = field(default_factory=Client)
    user_agent: str = ""
    browser_hash: bytes = field(default=b"", repr=False)
    live: "LiveSession | None" = None

    def has_begun(self, account: "Account") -> bool:
        """Whether this is the browser that registered the account, or one signed in to it."""
        if self._is_inside(account):
            return True
        return bool(self.browser_hash) and self.browser_hash == account.browser_hash

    def is_known_to(self, account: "Account") -> bool:
        """Whether this browser has signed in to the account before, and remembers it; since it
        belongs to whom it does, which a squatter's has not.
        """
        if self._is_inside(account):
            return True
        client = self.client
        proved = client.remembers_proved
        return client.remembers == account.id and account.is_still_theirs(proved=proved)

    def _is_inside(self, account: "Account") -> bool:
        return self.live is not None and self.live.account.id == account.id
