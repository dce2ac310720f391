"""What is kept: one frozen value for each kind of row, and nothing about how it is kept.

Moments are microseconds since 1970 UTC (see `times.py`); ids are UUIDs as text.
No record holds a secret: tokens and mailed secrets are kept as hashes only.
"""

from dataclasses import dataclass, field

from unlatch.core.kinds import Method, Purpose


@dataclass(frozen=True, slots=True)
class Account:
    """A person here.

    Attributes:
        username: As typed; `username_key` is its form for look-up, unique.
        display_name: May be empty; `name` is what to call them.
        address: The e-mail address in the form used for sending; `address_key` for look-up, unique.
        confirmed_at: When the address was proved, or None: until then it belongs to nobody.
        user_handle: 64 random bytes, the account's name inside its passkeys.
        browser_hash: SHA-256 of the id of the browser that registered.
        disabled_at: When an operator shut the account, or None.
        code_failures, code_failures_since: Wrong codes that strange browsers typed, and
            since when they are counted (see `code_budget.py`).
    """

    id: str
    username: str
    username_key: str
    display_name: str
    address: str
    address_key: str
    user_handle: bytes = field(repr=False)
    browser_hash: bytes = field(repr=False)
    created_at: int
    confirmed_at: int | None = None
    disabled_at: int | None = None
    code_failures: int = 0
    code_failures_since: int = 0

    @property
    def name(self) -> str:
        """What to call them: the display name, else the username."""
        return self.display_name or self.username

    @property
    def email(self) -> str | None:
        """The address once it is proved, else None."""
        return self.address if self.confirmed_at is not None else None

    @property
    def unconfirmed_email(self) -> str | None:
        """The address while nobody has proved it, else None."""
        return self.address if self.confirmed_at is None else None

    def is_still_theirs(self, *, proved: bool) -> bool:
        """Whether it is whose it was, if its address was `proved` then or not: the first proof
        may have taken it from somebody who had registered it.
        """
        return proved or self.confirmed_at is None

    @property
    def enabled(self) -> bool:
        """Whether no operator has shut it."""
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key of an account: what the W3C calls a public key credential source's public half.

    Attributes:
        credential_id: As the verifier returned it, at most 1,023 bytes, unique across accounts.
        public_key: COSE_Key, CBOR.
        sign_count: The authenticator's counter when last seen; 0 where it keeps none.
        backup_eligible: BE, fixed for the passkey's life.
        backed_up: BS, as of the last use.
        transports: Known values only, for `allowCredentials`.
        aaguid: The authenticator's make, as a UUID; a claim, not a proof.
        added_on: By what proof it was added (see `freshness.py`).
    """

    id: str
    account_id: str
    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]
    aaguid: str
    name: str
    added_on: Method
    added_at: int
    last_used_at: int | None = None


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What is told of a passkey before anybody has answered with it, in `allowCredentials`."""

    credential_id: bytes
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Whose a name is, disabled or not, or None; and what is told of their passkeys."""

    account_id: str | None
    passkeys: list[Descriptor]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyUse:
    """A use that was verified.

    Attributes:
        passkey: As it was read before.
        sign_count, backed_up: What they are now.
    """

    passkey: Passkey
    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPasskey:
    """A passkey with its account and what a sign-in would have to end, from one select.

    Attributes:
        has_pending_mail: Whether a mail of the account could still sign somebody in.
    """

    passkey: Passkey
    account: Account
    has_pending_mail: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser.

    Attributes:
        id: Public name for lists and buttons; opens nothing.
        token_hash: SHA-256 of the cookie's 32 random bytes.
        method: How it began.
        passkey_id: The passkey it began with, if one: removing that ends the session.
        proved_at, proof_method, proof_passkey_id: The newest proof inside it, for freshness.
        ceremony_id: What it was made from, unique: one ceremony or mail makes one session.
        user_agent: The browser's own words, at most 512 characters, for lists.
        expires_at: Absolute end.
    """

    id: str
    token_hash: bytes = field(repr=False)
    account_id: str
    method: Method
    passkey_id: str | None
    began_at: int
    proved_at: int
    proof_method: Method
    proof_passkey_id: str | None
    ceremony_id: bytes = field(repr=False)
    user_agent: str
    last_seen_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session that still counts, with its account, from one select."""

    session: Session
    account: Account


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that was asked for: the row the sender works from.

    Attributes:
        account_id: Whose, or None for an unknown address: such a row is dropped by the sender.
        binding_hash: SHA-256 of the asking browser's binding secret; empty for notices.
        session_id: The session it was asked in, for purposes bound to one.
        known_browser: Whether the browser that asked has been signed in to the account before.
        origin: Where its link leads, from the settings.
        next: A path of our own to go to afterwards.
        user_agent: The asking browser's own words, at most 512 characters.
        note: For notices: which passkey.
        link_hash, code_hash: Argon2id, written by the sender; None until then.
        attempts: Tries spent, of five.
        used_at: When it was spent. killed_at: when something newer ended it.
        sent_at: When it was handed over, written before it was. deliveries: how often that was
            tried.
        due_at: Not to be sent before. lease_until: another sender has it until then.
    """

    id: str
    account_id: str | None
    purpose: Purpose
    binding_hash: bytes = field(repr=False)
    session_id: str | None
    origin: str
    next: str
    user_agent: str
    asked_at: int
    expires_at: int
    note: str = ""
    link_hash: str | None = field(default=None, repr=False)
    code_hash: str | None = field(default=None, repr=False)
    attempts: int = 0
    used_at: int | None = None
    killed_at: int | None = None
    sent_at: int | None = None
    deliveries: int = 0
    due_at: int = 0
    lease_until: int = 0
    known_browser: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, in the past tense.

    Attributes:
        kind: Like `signed_in` or `passkey_removed` (see `events.py`).
        facts: Small JSON-ready values; never a secret, never an address.
    """

    account_id: str | None
    kind: str
    at: int
    facts: dict[str, str | int | bool] = field(default_factory=dict)
