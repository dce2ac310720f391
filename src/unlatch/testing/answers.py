"""How an authenticator's answer is written, and how a hostile test bends it.

Section numbers are those of W3C WebAuthn Level 3.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from enum import IntFlag
from hashlib import sha256
from typing import Any, TypedDict

import cbor2

from unlatch.testing.keys import SoftCredential, cose_key

JSON = dict[str, Any]


class Bend(TypedDict, total=False):
    """What one answer says instead of the truth; it is signed as if it were true."""

    origin: str
    cross_origin: bool
    top_origin: str
    challenge: bytes
    client_data_type: str
    client_data: Callable[[bytes], bytes]
    """Rewrites clientDataJSON before it is signed."""

    rp_id: str
    """Goes into the RP ID hash; which credential answers is up to the options."""

    user_present: bool
    user_verified: bool
    backup_eligible: bool
    backed_up: bool
    extensions: bytes
    """Extension data of the authenticator's (CBOR, or what pretends to be), with their flag."""

    authenticator_data: Callable[[bytes], bytes]
    """Rewrites the authenticator data before they are signed or attested."""

    tamper: Callable[[JSON], JSON | None]
    """Changes the finished answer in place, or returns another."""


class RegistrationBend(Bend, total=False):
    """What a registration can bend besides."""

    credential_id: bytes
    """Attested and sent instead of the new credential's."""

    public_key: bytes
    """Attested instead of the new credential's, as a COSE_Key or what pretends to be one."""

    attestation_object: Callable[[bytes], bytes]
    """Rewrites the finished attestation object."""


class AssertionBend(Bend, total=False):
    """What a sign-in can bend besides."""

    user_handle: bytes | None
    """Sent instead of the credential's; None leaves it out."""

    credential: SoftCredential
    """Answers whatever the options ask for, wherever it is from."""


class Flag(IntFlag):
    """The flags of authenticator data (6.1)."""

    UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


def check(bend: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse a misspelt bend: it would leave a hostile test without teeth.

    Raises:
        TypeError: Named as a call with an unknown argument would be.
    """
    if unknown := bend.keys() - known:
        raise TypeError(f"unexpected keyword argument: {', '.join(sorted(unknown))}")


def client_data(said: Bend) -> bytes:
    """Serialize CollectedClientData (5.8.1.1)."""
    fields: JSON = {
        "type": said["client_data_type"],
        "challenge": text(said["challenge"]),
        "origin": said["origin"],
        "crossOrigin": said["cross_origin"],
    }
    if "top_origin" in said:
        fields["topOrigin"] = said["top_origin"]
    written = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    return said.get("client_data", bytes)(written)


def authenticator_data(said: Bend, sign_count: int, attested: bytes = b"") -> bytes:
    """Write authenticator data (6.1), with attested credential data when there are any, and
    extension data when they are asked for.
    """
    flags = {
        Flag.UP: said["user_present"],
        Flag.UV: said["user_verified"],
        Flag.BE: said["backup_eligible"],
        Flag.BS: said["backed_up"],
        Flag.AT: attested,
        Flag.ED: "extensions" in said,
    }
    raised = sum(flag for flag, up in flags.items() if up)
    rp_id_hash = sha256(said["rp_id"].encode()).digest()
    written = rp_id_hash + bytes([raised]) + sign_count.to_bytes(4, "big") + attested
    written += said.get("extensions", b"")
    return said.get("authenticator_data", bytes)(written)


def attested_credential_data(
    said: RegistrationBend, credential: SoftCredential, aaguid: bytes
) -> bytes:
    """Write the new credential's id and public key (6.5.1)."""
    credential_id = said.get("credential_id", credential.id)
    key = said["public_key"] if "public_key" in said else cose_key(credential.private_key)
    return aaguid + len(credential_id).to_bytes(2, "big") + credential_id + key


def attestation_object(said: RegistrationBend, data: bytes) -> bytes:
    """Write an attestation object (6.5.4) that attests nothing."""
    written = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}, canonical=True)
    return said.get("attestation_object", bytes)(written)


def to_json(credential_id: bytes, response: JSON, said: Bend, **rest: object) -> JSON:
    """Write PublicKeyCredential as its `toJSON()` does (5.1)."""
    answer: JSON = {
        "id": text(credential_id),
        "rawId": text(credential_id),
        "type": "public-key",
        "response": response,
        **rest,
    }
    tampered = said["tamper"](answer) if "tamper" in said else None
    return answer if tampered is None else tampered


def text(data: bytes) -> str:
    """Encode as base64url without padding (3)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(encoded: str) -> bytes:
    """Decode base64url without padding (3)."""
    return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
