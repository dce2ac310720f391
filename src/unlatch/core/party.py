"""The relying party: which site this is, and from which origins it is reached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """What the settings (in development: the port) say of this site.

    Attributes:
        id: RP ID, the domain that passkeys are bound to.
        name: What people know the site by.
        origins: Where pages may run ceremonies; the first is the site itself.
    """

    id: str
    name: str
    origins: tuple[str, ...]

    @property
    def origin(self) -> str:
        """The site's own address, where mailed links lead."""
        return self.origins[0]

    @property
    def https(self) -> bool:
        """Whether cookies may carry `__Host-` and Secure."""
        return self.origin.startswith("https://")
