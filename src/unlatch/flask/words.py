"""What a refusal is called in HTTP and in words for a person, by its reason.

The words reveal nothing: an unknown account, an unknown passkey and a bad signature are
one and the same answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from unlatch.errors import FieldsRefused, Refused


@dataclass(frozen=True, slots=True)
class Words:
    """Attributes:
    status: HTTP status.
    heading: Of the page.
    message: One sentence, with what to do.
    """

    status: int
    heading: str
    message: str


REASONS: Mapping[str, Words] = {
    "malformed": Words(
        400, "That didn't work", "The site couldn't read this. Go back and try again."
    ),
    "fields_refused": Words(422, "Check what you typed", "Some of it can't be used as it is."),
    "ceremony_gone": Words(401, "That took too long", "Start again; it only takes a moment."),
    "passkey_refused": Words(
        401, "That passkey didn't work", "Use another passkey, or have a link mailed to you."
    ),
    "passkey_exists": Words(409, "Already here", "This passkey is set up already."),
    "too_many_passkeys": Words(
        409, "No room for another", "An account holds 20 passkeys. Remove one first."
    ),
    "last_way_in": Words(
        409, "Your only way in", "Confirm your email address before you remove your only passkey."
    ),
    "mail_gone": Words(
        401,
        "This link no longer works",
        "Links and codes work once, and not for long. Ask for a new mail.",
    ),
    "wrong_code": Words(401, "That code doesn't match", "That code doesn't match."),
    "elsewhere": Words(
        401, "Open this where you started", "Open the link in the browser where you asked for it."
    ),
    "too_soon": Words(429, "Just a moment", "A mail is on its way already."),
    "too_busy": Words(429, "Just a moment", "A lot of people are signing in right now."),
    "too_many": Words(
        429, "Too many tries", "There were too many tries from here, so this one has to wait."
    ),
    "registration_closed": Words(
        403, "Registration is closed", "This site takes no new accounts at the moment."
    ),
    "not_signed_in": Words(401, "Sign in first", "Sign in to see this."),
    "fresh_sign_in_required": Words(403, "Is it still you?", "Confirm it's you to go on."),
    "address_unconfirmed": Words(
        403, "Confirm your address", "Confirm your email address to go on."
    ),
    "cross_site": Words(
        403, "That came from another site", "Open this site itself and try again there."
    ),
    "wrong_host": Words(400, "Wrong address", "This site doesn't answer to that name."),
    "not_found": Words(404, "Nothing here", "This page doesn't exist, or is no longer there."),
    "too_large": Words(413, "Too large", "That was more than this address takes."),
    "unsupported_media_type": Words(415, "That didn't work", "This address takes JSON."),
    "unavailable": Words(
        503,
        "Back in a moment",
        "Something behind this site isn't answering. Try again in a minute.",
    ),
    "failed": Words(500, "Something went wrong", "It's on our side. Try again in a moment."),
}

_OF_STATUS = {404: "not_found", 413: "too_large", 415: "unsupported_media_type"}

FIELDS: Mapping[tuple[str, str], str] = {
    ("identifier", "missing"): "Enter your email or username.",
    ("identifier", "malformed"): "That's neither an email address nor a username.",
    ("identifier", "too_long"): "That is too long for an email or a username.",
    ("email", "missing"): "Enter your email address.",
    ("email", "malformed"): "That isn't an email address we can send to.",
    ("email", "no_at"): "That address is missing its @.",
    ("email", "no_ending"): "That address is missing its ending, like .com.",
    ("email", "too_long"): "That address is too long.",
    ("email", "taken"): "That address already has an account.",
    ("username", "missing"): "Choose a username.",
    ("username", "length"): "A username has 3 to 32 characters.",
    ("username", "characters"): "Use letters a to z, digits, and . _ - between them.",
    ("username", "taken"): "That username is taken. Choose another.",
    ("name", "too_long"): "That name is too long. Use at most 80 characters.",
    ("name", "missing"): "Give it a name.",
    ("code", "missing"): "Enter the code from the mail.",
    ("code", "malformed"): "A code has 8 letters and digits, like WDJB-KMHT.",
}


def of(refused: Refused) -> Words:
    """Status and words for a refusal."""
    return REASONS[refused.reason]


def of_http(status: int) -> tuple[Words, str]:
    """Words and reason for an error that the web framework raised."""
    reason = _OF_STATUS.get(status, "failed" if status >= 500 else "malformed")
    return REASONS[reason], reason


def of_fields(refused: FieldsRefused) -> dict[str, str]:
    """Words for each refused field."""
    return {name: FIELDS[name, why] for name, why in refused.fields.items()}


def of_wait(seconds: int) -> str:
    """How long to wait, as on a page: "40 seconds", "9 minutes"."""
    if seconds < 100:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"


def of_tries(tries_left: int) -> str:
    """What stands beside a code that did not match."""
    if tries_left == 0:
        return "That code doesn't match, and it was the last try. Ask for a new mail."
    tries = "1 try" if tries_left == 1 else f"{tries_left} tries"
    return f"That code doesn't match. You have {tries} left."
