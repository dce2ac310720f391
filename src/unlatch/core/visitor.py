"""The visitor: what a request says of the browser it came from."""

from dataclasses import dataclass, field

from unlatch.core.records import Account, LiveSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Attributes:
    user_agent: The browser's own words, at most 512 characters. Chosen by a stranger.
    browser_hash: SHA-256 of the id in its browser cookie; empty where there is none.
    live: The session it is signed in with, if one.
    """

    user_agent: str = ""
    browser_hash: bytes = field(default=b"", repr=False)
    live: LiveSession | None = None

    def has_begun(self, account: Account) -> bool:
        """Whether this is the browser that registered the account, or one signed in to it."""
        if self.live is not None and self.live.account.id == account.id:
            return True
        return bool(self.browser_hash) and self.browser_hash == account.browser_hash
