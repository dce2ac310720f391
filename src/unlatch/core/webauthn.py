"""The check-lists of W3C Web Authentication Level 3, sections 7.1 and 7.2.

To be laid beside the specification: each list has every step, by its number and in its order,
and who does it. "lib" is py_webauthn, which does well what it does; the rest is ours, because
the library leaves it to the application. `cbor_gate.py` and `cose_keys.py` are the two steps
that take more than a line.

Whatever goes wrong on hostile input, including the `KeyError`s and `IndexError`s that escape
the library, ends as one `PasskeyRefused`, whose `detail` is for the log.
"""

from dataclasses import dataclass, field

import webauthn
from webauthn.helpers.structs import CredentialDeviceType

from unlatch.core import events
from unlatch.core.answer import Answer
from unlatch.core.cbor_gate import check_attestation_object, check_authenticator_data
from unlatch.core.cose_keys import algorithms, require_sane
from unlatch.core.party import RelyingParty
from unlatch.core.records import Event, Passkey
from unlatch.errors import PasskeyRefused

CREDENTIAL_ID_MAX = 1023


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


def verify_registration(
    answer: Answer, challenge: bytes, party: RelyingParty
) -> VerifiedRegistration:
    """Section 7.1: is this a new credential of a device, made for us just now?

    ======  ================================================  ====================================
    step    what                                              who
    ======  ================================================  ====================================
    1       options                                           `passkey_options.creation_options`
    2       `navigator.credentials.create()`                  the page
    3 - 6   response, extension results, UTF-8, JSON          `Answer.read`
    7       type is `webauthn.create`                         `_require_from`, lib
    8       challenge                                         lib; the ceremony is found by it
    9       origin                                            `_require_from`, lib
    10, 11  crossOrigin, topOrigin                            `_require_from`
    12      hash of the client data                           lib
    13      CBOR of the attestation object                    `cbor_gate`, lib
    14      RP ID hash                                        lib
    15, 16  user present, user verified                       lib
    17      not backed up without being eligible              lib
    18, 19  backup eligibility and state                      kept; any is welcome
    20      algorithm is one that was offered                 lib, and the whole key `cose_keys`
    21, 22  attestation format and statement                  lib; `none` says nothing: `cbor_gate`
    23, 24  trust in who attested                             none is asked for, none is given
    25      credential id of at most 1023 bytes               here
    26      credential id of nobody yet                       the store, where it is UNIQUE
    27      the record                                        here, what of it is the device's
    28      extension outputs                                 not read; PRF refused by `Answer.read`
    29      store the record                                  the caller, in the ceremony's unit
    ======  ================================================  ====================================

    Args:
        answer: Read, and not believed.
        challenge: Of the ceremony, which the caller found, opened and found in time.
        party: The site.

    Raises:
        PasskeyRefused: One of the checks failed.
    """
    _require_from(answer, party, "webauthn.create")  # 7, 9, 10, 11
    try:
        check_attestation_object(answer.attestation_object)  # 13
        seen = webauthn.verify_registration_response(  # 7 - 9, 12 - 17, 20 - 22
            credential=answer.registration(),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_presence=True,
            require_user_verification=True,
            supported_pub_key_algs=algorithms(),
        )
        require_sane(seen.credential_public_key)  # 20
    except Exception as error:
        raise _refusal(error) from error
    # 25; and the id is the one in the authenticator data, not one named beside them.
    _require(seen.credential_id == answer.credential_id, "named another id than was attested")
    _require(len(seen.credential_id) <= CREDENTIAL_ID_MAX, "credential id too long")
    return VerifiedRegistration(  # 27
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

    ======  ================================================  ====================================
    step    what                                              who
    ======  ================================================  ====================================
    1       options                                           `passkey_options.request_options`
    2       `navigator.credentials.get()`                     the page
    3, 4    response, extension results                       `Answer.read`
    5, 6    whose credential it is, user handle               the caller, who asks the store
    7 - 9   its parts, UTF-8, JSON                            `Answer.read`
    10      type is `webauthn.get`                            `_require_from`, lib
    11      challenge                                         lib; the ceremony is found by it
    12      origin                                            `_require_from`, lib
    13, 14  crossOrigin, topOrigin                            `_require_from`
    (6.1)   CBOR of the authenticator data, no new key        `cbor_gate`
    15      RP ID hash                                        lib
    16, 17  user present, user verified                       lib
    18      not backed up without being eligible              lib
    19      backup eligibility as it was                      `what_is_amiss`
    20, 21  hash of the client data, signature                lib
    22      counter                                           `what_is_amiss`; lib is told 0
    23      extension outputs                                 not read; PRF refused by `Answer.read`
    24, 25  update the record, go on                          the caller, in the ceremony's unit
    ======  ================================================  ====================================

    Args:
        answer: Read, and not believed.
        challenge: Of the ceremony, which the caller found, opened and found in time.
        public_key: COSE_Key of the passkey that has the answer's credential id.
        party: The site.

    Raises:
        PasskeyRefused: One of the checks failed.
    """
    _require_from(answer, party, "webauthn.get")  # 10, 12, 13, 14
    try:
        check_authenticator_data(answer.authenticator_data, attested=False)  # 6.1
        seen = webauthn.verify_authentication_response(  # 10 - 12, 15 - 18, 20, 21
            credential=answer.assertion(),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            # Its refusal of a counter cannot be told from one of a bad signature, and comes
            # before the signature is looked at: a stranger could have events recorded.
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
    """Steps 19 and 22 of section 7.2, the ones to be judged of a good signature: the event that
    speaks against it, or None. Whoever gets one refuses and records it, and locks nobody out.
    """
    # 19: BE is fixed for a passkey's life.
    if seen.backup_eligible != passkey.backup_eligible:
        return events.backup_eligibility_changed(passkey, at=at)
    # 22: a counter, where there is one, advances; else perhaps a copy of the key is about.
    counts = bool(seen.sign_count or passkey.sign_count)
    if counts and seen.sign_count <= passkey.sign_count:
        return events.counter_stood_still(passkey, seen=seen.sign_count, at=at)
    return None


def _require_from(answer: Answer, party: RelyingParty, client_type: str) -> None:
    """The steps on client data that the library leaves out or does more loosely."""
    client = answer.client
    # 7.1/7 and 7.2/10: the type, so that an assertion never serves as a registration.
    _require(client.type == client_type, "wrong client data type")
    # 7.1/9 and 7.2/12: the origin, to the letter.
    _require(client.origin in party.origins, "wrong origin")
    # 7.1/10-11 and 7.2/13-14: not in a frame of another site.
    _require(not client.cross_origin, "cross-origin")
    _require(client.top_origin is None, "in another site's frame")


def _eligible(device_type: CredentialDeviceType) -> bool:
    return device_type is CredentialDeviceType.MULTI_DEVICE


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise PasskeyRefused(otherwise)


def _refusal(error: Exception) -> PasskeyRefused:
    return PasskeyRefused(f"{type(error).__name__}: {error}"[:200])
