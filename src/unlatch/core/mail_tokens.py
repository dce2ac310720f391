"""The token in a mailed link: which mail, its secret, and a MAC over both.

With the MAC, rubbish dies before the database and before slow hashing.
"""

import struct
import uuid
from dataclasses import dataclass, field

from unlatch.core.keys import Keys
from unlatch.core.kinds import Purpose
from unlatch.core.secrets import SECRET_BYTES, from_base64url, random_secret, to_base64url
from unlatch.errors import MailGone

_LAYOUT = struct.Struct(f">16s{SECRET_BYTES}s16s")
_TEXT_LENGTH = 86


@dataclass(frozen=True, slots=True)
class MailToken:
    """Attributes:
    secret: Base64url of 32 random bytes; the row keeps its Argon2id hash.
    """

    mail_id: str
    secret: str = field(repr=False)


def mint(mail_id: str, purpose: Purpose, keys: Keys) -> tuple[MailToken, str]:
    """A new secret for a mail: its token, and the text that goes into the link."""
    row, secret = uuid.UUID(mail_id).bytes, random_secret()
    mac = keys.mac(_use(purpose), row + secret)
    text = to_base64url(_LAYOUT.pack(row, secret, mac))
    return MailToken(mail_id, to_base64url(secret)), text


def read(text: str, purpose: Purpose, keys: Keys) -> MailToken:
    """Undo `mint`.

    Raises:
        MailGone: It was damaged, or made by somebody else or for another purpose.
    """
    try:
        if len(text) != _TEXT_LENGTH:
            raise ValueError("wrong length")
        row, secret, mac = _LAYOUT.unpack(from_base64url(text))
    except (ValueError, struct.error) as error:
        raise MailGone("not a token") from error
    if not keys.mac_fits(_use(purpose), row + secret, mac):
        raise MailGone("the token's MAC does not fit")
    return MailToken(str(uuid.UUID(bytes=row)), to_base64url(secret))


def _use(purpose: Purpose) -> str:
    return f"mail-token:{purpose.value}"
