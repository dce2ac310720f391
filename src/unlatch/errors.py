"""Everything that Unlatch raises on purpose, but for what never leaves its own floor.

    UnlatchError
    ├── SettingsError            our user's mistake: every fault at once, each with its cure
    ├── StoreError               the machine's trouble
    │   ├── SchemaBehind         the database waits for `flask unlatch db upgrade`
    │   └── CommitUnknown        what was written is there, or is not: nobody heard the end
    └── Refused                  a visitor's no
        ├── Malformed            not what this address takes
        ├── FieldsRefused        a form's fields
        │   ├── UsernameTaken
        │   └── AddressTaken
        ├── CeremonyGone         expired, answered before, or never begun here
        ├── PasskeyRefused       unknown here, or one of the checks failed
        ├── PasskeyExists        registered before
        ├── TooManyPasskeys
        ├── LastWayIn            nobody could get in any more
        ├── MailGone             old, used, replaced or damaged
        ├── WrongCode
        ├── ElsewhereBegun       a mailed secret in a browser that did not ask
        ├── TooSoon              asked again before its time
        ├── TooBusy              every slot for slow hashing is taken
        ├── TooMany              a limit is reached
        ├── RegistrationClosed
        ├── NotSignedIn
        ├── NotFresh             signed in, but not just now
        ├── NotConfirmed         signed in, but the address is unproved
        ├── CrossSite            asked by a page that is not ours
        ├── WrongHost            asked under a name that is not ours
        ├── NotFound
        └── Unavailable          the database is away or behind

Beside their makers: `TransportError`, why a mail did not leave (`flask/sender/transport.py`);
`CannotSend`, where a process is there for nothing else (`flask/sender/alone.py`);
`Clash`, a `StoreError` that a store turns into a refusal (`stores/sql/running.py`);
`CannotListen`, before the server serves (`server/listening.py`); `CrashLoop`, after it did
(`server/patience.py`).

A `Refused` carries a stable `reason` and facts, never HTML and never a status:
`flask/answers.py` gives it words for the visitor, the log gets the reason.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class UnlatchError(Exception):
    """Base of all that Unlatch raises on purpose."""


class SettingsError(UnlatchError):
    """The settings do not fit. `faults` holds one full sentence for each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(["Unlatch cannot start:", *(f"  - {f}" for f in self.faults)]))


class StoreError(UnlatchError):
    """The database does not answer, or answers nonsense."""


class SchemaBehind(StoreError):
    """The database's tables are not the ones this version works with."""


class CommitUnknown(StoreError):
    """The answer to COMMIT never came, or was none: all of it was kept, or nothing. Whoever asked
    must be told neither yes nor no.
    """

    def __init__(self) -> None:
        super().__init__("nobody knows whether the transaction was kept")


class Refused(UnlatchError):
    """A visitor's no.

    Attributes:
        reason: Stable name, in JSON as `error` and in the log.
        detail: For the log only: which check failed. Never shown to a visitor.
        is_failure: Whether it counts against the limit of failures: something was shown
            that should have let somebody in, and did not.
    """

    reason: ClassVar[str] = "refused"
    is_failure: ClassVar[bool] = False

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail or self.reason)

    @property
    def facts(self) -> Mapping[str, object]:
        """What a program may read beside the reason, ready for JSON."""
        return {}


class Malformed(Refused):
    reason = "malformed"


class FieldsRefused(Refused):
    """One or more fields of a form.

    Attributes:
        fields: Field name to the reason it was refused, like `{"email": "missing"}`.
    """

    reason = "fields_refused"

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__(", ".join(f"{name}: {why}" for name, why in self.fields.items()))


class UsernameTaken(FieldsRefused):
    def __init__(self) -> None:
        super().__init__({"username": "taken"})


class AddressTaken(FieldsRefused):
    def __init__(self) -> None:
        super().__init__({"email": "taken"})


class CeremonyGone(Refused):
    reason = "ceremony_gone"
    is_failure = True


class PasskeyRefused(Refused):
    """Attributes:
    unknown: Nobody was named and nobody has this passkey, so the device may forget it. That
        tells a stranger no more than the id he sent himself.
    """

    reason = "passkey_refused"
    is_failure = True

    def __init__(self, detail: str = "", *, unknown: bool = False) -> None:
        self.unknown = unknown
        super().__init__(detail)

    @property
    def facts(self) -> Mapping[str, object]:
        return {"unknown_passkey": True} if self.unknown else {}


class PasskeyExists(Refused):
    reason = "passkey_exists"


class TooManyPasskeys(Refused):
    reason = "too_many_passkeys"


class LastWayIn(Refused):
    reason = "last_way_in"


class MailGone(Refused):
    """Attributes:
    replaced: A newer mail was asked for, so the visitor may have it already.
    """

    reason = "mail_gone"
    is_failure = True

    def __init__(self, detail: str = "", *, replaced: bool = False) -> None:
        self.replaced = replaced
        super().__init__(detail)


class WrongCode(Refused):
    """Attributes:
    tries_left: How many more codes this mail takes.
    """

    reason = "wrong_code"
    is_failure = True

    def __init__(self, tries_left: int) -> None:
        self.tries_left = tries_left
        super().__init__()

    @property
    def facts(self) -> Mapping[str, object]:
        return {"tries_left": self.tries_left}


class ElsewhereBegun(Refused):
    reason = "elsewhere"


class _NotNow(Refused):
    """Attributes:
    retry_after: Seconds until it may be asked again.
    """

    def __init__(self, retry_after: int, detail: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(detail)

    @property
    def facts(self) -> Mapping[str, object]:
        return {"retry_after": self.retry_after}


class TooSoon(_NotNow):
    reason = "too_soon"


class TooBusy(_NotNow):
    reason = "too_busy"


class TooMany(_NotNow):
    reason = "too_many"


class RegistrationClosed(Refused):
    reason = "registration_closed"


class NotSignedIn(Refused):
    reason = "not_signed_in"


class NotFresh(Refused):
    reason = "fresh_sign_in_required"


class NotConfirmed(Refused):
    reason = "address_unconfirmed"


class CrossSite(Refused):
    reason = "cross_site"


class WrongHost(Refused):
    reason = "wrong_host"


class NotFound(Refused):
    reason = "not_found"


class Unavailable(Refused):
    reason = "unavailable"
