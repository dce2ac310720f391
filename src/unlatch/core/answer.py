"""A browser's answer to a ceremony, taken apart: its form, never its truth.

Section and step numbers are those of W3C WebAuthn Level 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from webauthn.helpers.structs import AuthenticatorTransport

from unlatch.core.secrets import from_base64url
from unlatch.errors import Malformed

CLIENT_DATA_MAX = 8 * 1024
"""Bytes. Browsers write some 150; an origin and a challenge do not need more."""

TRANSPORTS = frozenset(one.value for one in AuthenticatorTransport)


class _Response(msgspec.Struct, rename="camel"):
    client_data_json: str = msgspec.field(name="clientDataJSON")
    attestation_object: str | None = None
    authenticator_data: str | None = None
    signature: str | None = None
    user_handle: str | None = None
    transports: list[object] = []


class _Credential(msgspec.Struct, rename="camel"):
    """What is read of a credential. What is not named here is dropped, whatever it says:
    `authenticatorAttachment` (a new kind of device is no reason to refuse it) and the copies of
    the public key and of the authenticator data, which nobody has signed.
    """

    id: str
    raw_id: str
    type: str
    response: _Response
    client_extension_results: object = None


class ClientData(msgspec.Struct, rename="camel"):
    """CollectedClientData (5.8.1), as the browser says it; what we do not know is dropped."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False
    top_origin: str | None = None


# Made here, and not by the first answers: msgspec takes a class apart at its first use, and where
# several threads were at that at once, the process died of it (a segmentation fault).
_CLIENT_DATA = msgspec.json.Decoder(ClientData)
msgspec.json.Decoder(_Credential)


@dataclass(frozen=True, slots=True)
class Answer:
    """A browser's answer, as `credential.toJSON()` gives it, taken apart and checked for
    its form only. Nothing in it is believed yet.

    Attributes:
        credential_id: The id it claims.
        user_handle: The user handle it claims, or None.
        challenge: That of its client data.
        client: Its client data.
    """

    credential_id: bytes
    user_handle: bytes | None
    challenge: bytes
    client: ClientData = field(repr=False)
    _credential: _Credential = field(repr=False)

    @classmethod
    def read(cls, body: object) -> "Answer":
        """Take an answer apart: steps 3 to 6 of section 7.1, and 3, 4 and 7 to 9 of 7.2.

        Raises:
            Malformed: It is not of the form of a credential.
        """
        try:
            credential = msgspec.convert(body, _Credential)
            if credential.id != credential.raw_id or credential.type != "public-key":
                raise ValueError("not a public-key credential")
            _require_no_secrets(credential.client_extension_results)
            client = _client_data(credential.response.client_data_json)
            handle = credential.response.user_handle
            return cls(
                credential_id=from_base64url(credential.raw_id),
                user_handle=from_base64url(handle) if handle else None,
                challenge=from_base64url(client.challenge),
                client=client,
                _credential=credential,
            )
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise Malformed(f"not a credential: {error}") from error

    @property
    def attestation_object(self) -> bytes:
        """Of a registration.

        Raises:
            ValueError: It has none, or not in strict base64url.
        """
        return _sent(self._credential.response.attestation_object)

    @property
    def authenticator_data(self) -> bytes:
        """Of an assertion.

        Raises:
            ValueError: It has none, or not in strict base64url.
        """
        return _sent(self._credential.response.authenticator_data)

    def registration(self) -> dict[str, object]:
        """What the library takes for a registration, and nothing else the browser sent.

        Raises:
            ValueError: A part is missing, or not in strict base64url.
        """
        return self._for_library(attestationObject=self._credential.response.attestation_object)

    def assertion(self) -> dict[str, object]:
        """What the library takes for an assertion, and nothing else the browser sent. The user
        handle is not for the library: whose it must be is asked of the store.

        Raises:
            ValueError: A part is missing, or not in strict base64url.
        """
        response = self._credential.response
        return self._for_library(
            authenticatorData=response.authenticator_data, signature=response.signature
        )

    def known_transports(self) -> tuple[str, ...]:
        """The transports it names, the unknown and the doubled left out."""
        named = self._credential.response.transports
        return tuple(dict.fromkeys(t for t in named if isinstance(t, str) and t in TRANSPORTS))

    def _for_library(self, **parts: str | None) -> dict[str, object]:
        for part in parts.values():
            _sent(part)
        return {
            "id": self._credential.id,
            "rawId": self._credential.raw_id,
            "type": self._credential.type,
            "response": {
                "clientDataJSON": self._credential.response.client_data_json,
                **parts,
            },
        }


def _client_data(encoded: str) -> ClientData:
    """Bounded, UTF-8 (the library also takes UTF-16 and UTF-32) and JSON of its form."""
    written = from_base64url(encoded)
    if len(written) > CLIENT_DATA_MAX:
        raise ValueError("clientDataJSON is too long")
    return _CLIENT_DATA.decode(written.decode("utf-8"))


def _require_no_secrets(results: object) -> None:
    """The results of the PRF extension are keys that never leave the page. One that arrives
    here has leaked already, so whoever wrote the page is told at once, by a refusal.
    """
    prf = results.get("prf") if isinstance(results, Mapping) else None
    if isinstance(prf, Mapping) and prf.get("results"):
        raise ValueError("PRF results are the page's own secret")


def _sent(part: str | None) -> bytes:
    if part is None:
        raise ValueError("a part of the answer is missing")
    return from_base64url(part)
