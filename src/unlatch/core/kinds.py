"""By what means somebody was shown to be who, and what a mail is for. Apart from `records.py`, so
that who needs such a name only need not wait for the records.
"""

from enum import StrEnum


class Method(StrEnum):
    """By what means somebody was shown to be who."""

    PASSKEY = "passkey"
    EMAIL = "email"
    REGISTRATION = "registration"


class Purpose(StrEnum):
    """What a mail is for. A secret mailed for one purpose never serves another."""

    SIGN_IN = "sign_in"
    CONFIRM = "confirm"
    FRESH = "fresh"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"

    @property
    def is_notice(self) -> bool:
        """True for mails that tell something and carry no secret."""
        return self in (Purpose.PASSKEY_ADDED, Purpose.PASSKEY_REMOVED)
