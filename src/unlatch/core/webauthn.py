"""The check-lists of W3C Web Authentication Level 3, sections 7.1 and 7.2.

py_webauthn does the steps it does well; this module does those it leaves to the
application, in the specification's order and by its step numbers. Whatever goes wrong on
hostile input, including the `KeyError`s and `IndexError`s that escape the library, ends as
one `PasskeyRefused` whose `detail` is for the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import cbor2
import msgspec
import webauthn
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from unlatch.core import events
from unlatch.core.party import RelyingParty
from unlatch.core.records import Account, Descriptor, Event, Passkey
from unlatch.core.secrets import from_base64url
from unlatch.errors import Malformed, PasskeyRefused

TIMEOUT_MS = 300_000
CLIENT_DATA_MAX = 8 * 1024
CREDENTIAL_ID_MAX = 1023
TRANSPORTS = frozenset(one.value for one in AuthenticatorTransport)

ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""Offered and accepted, best first; passed to the options *and* to the verification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRegistration:
    """A new credential whose every check passed."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]
    aaguid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedAssertion:
    """A use of a passkey, rightly signed; `what_is_amiss` judges the rest."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool


class _Response(msgspec.Struct, rename="camel"):
    client_data_json: str = msgspec.field(name="clientDataJSON")
    attestation_object: str | None = None
    authenticator_data: str | None = None
    signature: str | None = None
    user_handle: str | None = None
    transports: list[object] = []


class _Credential(msgspec.Struct, rename="camel"):
    id: str
    raw_id: str
    type: str
    response: _Response


class _ClientData(msgspec.Struct, rename="camel"):
    type: str
    challenge: str
    origin: str
    cross_origin: bool = False
    top_origin: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A browser's answer, as `credential.toJSON()` gives it, taken apart and checked for
    its form only. Nothing in it is believed yet.

    Attributes:
        credential_id: The id it claims.
        user_handle: The user handle it claims, or None.
        challenge: That of its client data.
    """

    credential_id: bytes
    user_handle: bytes | None
    challenge: bytes
    _credential: _Credential = field(repr=False)
    _client: _ClientData = field(repr=False)

    @classmethod
    def read(cls, body: object) -> "Answer":
        """Take an answer apart.

        Raises:
            Malformed: It is not of the form of a credential.
        """
        try:
            credential = msgspec.convert(body, _Credential)
            client_json = from_base64url(credential.response.client_data_json)
            if len(client_json) > CLIENT_DATA_MAX:
                raise ValueError("clientDataJSON is too long")
            client_json.decode("utf-8")
            client = msgspec.json.decode(client_json, type=_ClientData)
            credential_id = from_base64url(credential.raw_id)
            if credential.id != credential.raw_id or credential.type != "public-key":
                raise ValueError("not a public-key credential")
            handle = credential.response.user_handle
            return cls(
                credential_id=credential_id,
                user_handle=from_base64url(handle) if handle else None,
                challenge=from_base64url(client.challenge),
                _credential=credential,
                _client=client,
            )
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise Malformed(f"not a credential: {error}") from error

    def is_from(self, party: RelyingParty, client_type: str) -> None:
        """The steps on client data that the library leaves out or does more loosely.

        Raises:
            PasskeyRefused: Another type or origin, or inside somebody else's page.
        """
        # 7.1/7 and 7.2/10: the type, so that an assertion never serves as a registration.
        _require(self._client.type == client_type, "wrong client data type")
        # 7.1/9 and 7.2/12: the origin, to the letter.
        _require(self._client.origin in party.origins, "wrong origin")
        # 7.1/10-11 and 7.2/13-14: not in a frame of another site.
        _require(not self._client.cross_origin, "cross-origin")
        _require(self._client.top_origin is None, "in another site's frame")

    def registration(self) -> dict[str, object]:
        """What the library takes for a registration, and nothing else the browser sent."""
        return self._for_library(attestationObject=self._credential.response.attestation_object)

    def assertion(self) -> dict[str, object]:
        """What the library takes for an assertion, and nothing else the browser sent."""
        response = self._credential.response
        return self._for_library(
            authenticatorData=response.authenticator_data,
            signature=response.signature,
            userHandle=response.user_handle or None,
        )

    def known_transports(self) -> tuple[str, ...]:
        """The transports it names, the unknown and the doubled left out."""
        named = self._credential.response.transports
        return tuple(dict.fromkeys(t for t in named if isinstance(t, str) and t in TRANSPORTS))

    def _for_library(self, **fields: str | None) -> dict[str, object]:
        for value in fields.values():
            if value is not None:
                _strict(value)
        response = {name: value for name, value in fields.items() if value is not None}
        return {
            "id": self._credential.id,
            "rawId": self._credential.raw_id,
            "type": self._credential.type,
            "response": {
                "clientDataJSON": self._credential.response.client_data_json,
                **response,
            },
        }


def creation_options(
    account: Account, known: Sequence[Passkey], challenge: bytes, party: RelyingParty
) -> dict[str, object]:
    """`PublicKeyCredentialCreationOptionsJSON` for a new passkey of an account.

    All the account's passkeys are excluded: a second one on the same device would replace
    the first there while it stays in our list.
    """
    options = options_to_json_dict(
        webauthn.generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_id=account.user_handle,
            user_name=account.username,
            user_display_name=account.name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(known),
            supported_pub_key_algs=ALGORITHMS,
        )
    )
    options["extensions"] = {"credProps": True}  # the library has no argument for it
    return options


def request_options(
    allowed: Sequence[Passkey | Descriptor], challenge: bytes, party: RelyingParty
) -> dict[str, object]:
    """`PublicKeyCredentialRequestOptionsJSON`; without `allowed` the browser offers all it has.

    In the order of their ids, which tells nothing: not which is older, nor which is none.
    """
    return options_to_json_dict(
        webauthn.generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            allow_credentials=_descriptors(sorted(allowed, key=lambda one: one.credential_id)),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def verify_registration(
    answer: Answer, challenge: bytes, party: RelyingParty
) -> VerifiedRegistration:
    """Section 7.1: is this a new credential of a device, made for us just now?

    Raises:
        PasskeyRefused: One of the checks failed.
    """
    answer.is_from(party, "webauthn.create")  # steps 7, 9 to 11
    try:
        # Steps 5 to 24, but for those above: challenge, RP ID hash, UP, UV, algorithm, format.
        seen = webauthn.verify_registration_response(
            credential=answer.registration(),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
        # Attestation `none` never uses the key, so a point off the curve would be stored and
        # fail at the next sign-in: build the key now.
        decoded_public_key_to_cryptography(decode_credential_public_key(seen.credential_public_key))
    except Exception as error:
        raise _refusal(error) from error
    # Step 25: the id's length; the id itself is the one that was signed, not the one named.
    _require(seen.credential_id == answer.credential_id, "named another id than was attested")
    _require(len(seen.credential_id) <= CREDENTIAL_ID_MAX, "credential id too long")
    return VerifiedRegistration(
        credential_id=seen.credential_id,
        public_key=seen.credential_public_key,
        sign_count=seen.sign_count,
        backup_eligible=_eligible(seen.credential_device_type),
        backed_up=seen.credential_backed_up,
        transports=answer.known_transports(),
        aaguid=seen.aaguid,
    )


def verify_assertion(
    answer: Answer, challenge: bytes, public_key: bytes, party: RelyingParty
) -> VerifiedAssertion:
    """Section 7.2: did this passkey's device, with its person verified, answer us just now?

    Whose passkey it must be (steps 5 and 6) is asked by the caller, who knows the ceremony;
    what may have changed since its last use (19 and 22) by `what_is_amiss`.

    Raises:
        PasskeyRefused: One of the checks failed.
    """
    answer.is_from(party, "webauthn.get")  # steps 10, 12 to 14
    try:
        # Steps 11, 15 to 18 (BS without BE included) and 20, 21: challenge, RP ID hash, UP, UV,
        # signature. Not the counter (22): the library's refusal of it cannot be told from a bad
        # signature.
        seen = webauthn.verify_authentication_response(
            credential=answer.assertion(),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:
        raise _refusal(error) from error
    return VerifiedAssertion(
        sign_count=seen.new_sign_count,
        backup_eligible=_eligible(seen.credential_device_type),
        backed_up=seen.credential_backed_up,
    )


def what_is_amiss(passkey: Passkey, seen: VerifiedAssertion, *, at: int) -> Event | None:
    """Section 7.2, what is left to judge of a good signature: the event that speaks against
    it, or None.
    """
    # Step 19: BE is fixed for a passkey's life.
    if seen.backup_eligible != passkey.backup_eligible:
        return events.backup_eligibility_changed(passkey, at=at)
    # Step 22: a counter, where there is one, advances; else perhaps a copy of the key is about.
    counts = bool(seen.sign_count or passkey.sign_count)
    if counts and seen.sign_count <= passkey.sign_count:
        return events.counter_stood_still(passkey, seen=seen.sign_count, at=at)
    return None


@cache
def nobodys_key() -> bytes:
    """A public key (COSE_Key) to check a signature with where there is no passkey. It decides
    nothing: whose passkey is nobody's is refused whatever the signature.
    """
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    return cbor2.dumps({1: 2, 3: COSEAlgorithmIdentifier.ECDSA_SHA_256.value, -1: 1, -2: x, -3: y})


def _descriptors(passkeys: Sequence[Passkey | Descriptor]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[AuthenticatorTransport(t) for t in sorted(one.transports)] or None,
        )
        for one in passkeys
    ]


def _eligible(device_type: CredentialDeviceType) -> bool:
    return device_type is CredentialDeviceType.MULTI_DEVICE


def _strict(value: str) -> None:
    try:
        from_base64url(value)
    except ValueError as error:
        raise PasskeyRefused("not strict base64url") from error


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise PasskeyRefused(otherwise)


def _refusal(error: Exception) -> PasskeyRefused:
    if isinstance(error, PasskeyRefused):
        return error
    return PasskeyRefused(f"{type(error).__name__}: {error}"[:200])
