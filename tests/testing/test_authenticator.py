"""`SoftAuthenticator` keeps its promises, with py_webauthn for a judge."""

import json
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import (
    InvalidAuthenticationResponse,
    InvalidBackupFlags,
    InvalidRegistrationResponse,
    WebAuthnException,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from unlatch.testing import (
    AlreadyRegistered,
    NoCommonAlgorithm,
    NoCredential,
    SoftAuthenticator,
)

RP_ID, ORIGIN = "localhost", "http://localhost"
ANA, BO = b"a" * 64, b"b" * 64
ES256, EDDSA, RS256, ML_DSA_44, ML_DSA_65 = -7, -8, -257, -48, -49
ALGORITHMS = (ES256, EDDSA, RS256, ML_DSA_44, ML_DSA_65)

JSON = dict[str, Any]


def creation_options(
    user: bytes = ANA,
    *,
    rp_id: str = RP_ID,
    algorithms: tuple[int, ...] = (ES256, EDDSA, RS256),
    resident_key: ResidentKeyRequirement = ResidentKeyRequirement.REQUIRED,
    exclude: tuple[bytes, ...] = (),
) -> JSON:
    return options_to_json_dict(
        generate_registration_options(
            rp_id=rp_id,
            rp_name="Example",
            user_id=user,
            user_name="ana",
            authenticator_selection=AuthenticatorSelectionCriteria(resident_key=resident_key),
            supported_pub_key_algs=[COSEAlgorithmIdentifier(a) for a in algorithms],
            exclude_credentials=[PublicKeyCredentialDescriptor(id=i) for i in exclude],
        )
    )


def request_options(*allowed: bytes, rp_id: str = RP_ID) -> JSON:
    return options_to_json_dict(
        generate_authentication_options(
            rp_id=rp_id,
            allow_credentials=[PublicKeyCredentialDescriptor(id=i) for i in allowed],
        )
    )


def judge_registration(options: JSON, answer: JSON) -> VerifiedRegistration:
    return verify_registration_response(
        credential=answer,
        expected_challenge=base64url_to_bytes(options["challenge"]),
        expected_rp_id=RP_ID,
        expected_origin=ORIGIN,
        require_user_verification=True,
        supported_pub_key_algs=[COSEAlgorithmIdentifier(a) for a in ALGORITHMS],
    )


def judge_sign_in(
    options: JSON, answer: JSON, passkey: VerifiedRegistration, count: int = 0
) -> VerifiedAuthentication:
    return verify_authentication_response(
        credential=answer,
        expected_challenge=base64url_to_bytes(options["challenge"]),
        expected_rp_id=RP_ID,
        expected_origin=ORIGIN,
        credential_public_key=passkey.credential_public_key,
        credential_current_sign_count=count,
        require_user_verification=True,
    )


def register(key: SoftAuthenticator, user: bytes = ANA) -> VerifiedRegistration:
    options = creation_options(user)
    return judge_registration(options, key.create(options))


def said(answer: JSON) -> JSON:
    """What clientDataJSON says."""
    written: JSON = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
    return written


@pytest.fixture
def key() -> SoftAuthenticator:
    return SoftAuthenticator()


# Registering and signing in


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256, ML_DSA_44, ML_DSA_65])
def test_every_algorithm_registers_and_signs_in(algorithm: int) -> None:
    """A new passkey of each kind is accepted, and so is its signature."""
    key = SoftAuthenticator(algorithms=[algorithm])
    options = creation_options(algorithms=(algorithm,))
    answer = key.create(options)
    passkey = judge_registration(options, answer)

    options = request_options()
    seen = judge_sign_in(options, key.get(options), passkey)

    assert answer["response"]["publicKeyAlgorithm"] == algorithm
    assert key.credentials[0].algorithm == algorithm
    assert seen.credential_id == passkey.credential_id == key.credentials[0].id
    assert seen.user_verified


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_both_forms_of_the_public_key_are_the_same_key(algorithm: int) -> None:
    """`publicKey` is what the attested COSE key says, in the browser's own form."""
    options = creation_options(algorithms=(algorithm,))
    answer = SoftAuthenticator().create(options)
    cose = judge_registration(options, answer).credential_public_key

    attested = decoded_public_key_to_cryptography(decode_credential_public_key(cose))

    assert load_der_public_key(base64url_to_bytes(answer["response"]["publicKey"])) == attested
    assert cbor2.dumps(cbor2.loads(cose), canonical=True) == cose


@pytest.mark.parametrize(
    ("able", "offered", "made"),
    [
        ((ES256, EDDSA, RS256), (EDDSA, ES256), EDDSA),
        ((RS256, ES256), (EDDSA, ES256, RS256), ES256),
        ((EDDSA, RS256), (ES256, RS256), RS256),
    ],
)
def test_the_first_offered_algorithm_it_knows_is_made(
    able: tuple[int, ...], offered: tuple[int, ...], made: int
) -> None:
    key = SoftAuthenticator(algorithms=able)

    key.create(creation_options(algorithms=offered))

    assert key.credentials[0].algorithm == made


def test_no_algorithm_in_common_makes_nothing() -> None:
    key = SoftAuthenticator(algorithms=[EDDSA])

    with pytest.raises(NoCommonAlgorithm):
        key.create(creation_options(algorithms=(ES256,)))

    assert key.credentials == []


def test_no_algorithm_named_means_the_two_defaults(key: SoftAuthenticator) -> None:
    """An empty `pubKeyCredParams` asks for ES256 or RS256 (5.1.3)."""
    key.create(creation_options() | {"pubKeyCredParams": []})

    assert key.credentials[0].algorithm == ES256


def test_an_answer_has_the_members_that_chromium_gives_it(key: SoftAuthenticator) -> None:
    """Seen in Chromium's `toJSON()` with a virtual authenticator."""
    registered, signed_in = key.create(creation_options()), key.get(request_options())

    outer = {"id", "rawId", "type", "authenticatorAttachment", "clientExtensionResults", "response"}
    assert registered.keys() == signed_in.keys() == outer
    assert registered["response"].keys() == {
        "clientDataJSON",
        "attestationObject",
        "authenticatorData",
        "transports",
        "publicKey",
        "publicKeyAlgorithm",
    }
    assert signed_in["response"].keys() == {
        "clientDataJSON",
        "authenticatorData",
        "signature",
        "userHandle",
    }
    assert list(said(signed_in)) == ["type", "challenge", "origin", "crossOrigin"]
    assert json.loads(json.dumps([registered, signed_in])) == [registered, signed_in]


def test_the_attestation_is_none_and_holds_the_authenticator_data(key: SoftAuthenticator) -> None:
    answer = key.create(creation_options())["response"]

    attestation = cbor2.loads(base64url_to_bytes(answer["attestationObject"]))

    assert attestation == {
        "fmt": "none",
        "attStmt": {},
        "authData": base64url_to_bytes(answer["authenticatorData"]),
    }


def test_wrapped_options_are_taken_as_well(key: SoftAuthenticator) -> None:
    key.create({"publicKey": creation_options()})

    assert key.get({"publicKey": request_options(), "mediation": "conditional"})


def test_the_rp_id_defaults_to_the_host_of_the_origin() -> None:
    key = SoftAuthenticator(origin="https://shop.example:8443")
    without = request_options()
    del without["rpId"]

    made = key.create(creation_options() | {"rp": {"name": "Example"}})

    assert key.credentials[0].rp_id == "shop.example"
    assert key.get(without)["id"] == made["id"]


def test_cred_props_are_told_when_asked_for(key: SoftAuthenticator) -> None:
    asked = creation_options(BO) | {"extensions": {"credProps": True}}

    assert key.create(creation_options())["clientExtensionResults"] == {}
    assert key.create(asked)["clientExtensionResults"] == {"credProps": {"rk": True}}


def test_model_and_transports_are_told() -> None:
    key = SoftAuthenticator(aaguid=bytes(range(16)), transports=["usb", "nfc"])
    options = creation_options()
    answer = key.create(options)

    seen = judge_registration(options, answer)

    assert seen.aaguid == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert answer["response"]["transports"] == ["usb", "nfc"]
    assert answer["authenticatorAttachment"] == "cross-platform"
    assert SoftAuthenticator().create(options)["authenticatorAttachment"] == "platform"


# Whose credential answers


def test_a_resident_credential_answers_without_a_name(key: SoftAuthenticator) -> None:
    key.create(creation_options(ANA))

    answer = key.get(request_options())

    assert base64url_to_bytes(answer["response"]["userHandle"]) == ANA


def test_the_newest_resident_credential_answers(key: SoftAuthenticator) -> None:
    key.create(creation_options(ANA))
    newest = key.create(creation_options(BO))

    assert key.get(request_options())["id"] == newest["id"]


def test_a_credential_not_resident_answers_only_when_named(key: SoftAuthenticator) -> None:
    """It does not know whose it is, so it sends no user handle."""
    options = creation_options(resident_key=ResidentKeyRequirement.DISCOURAGED)
    passkey = judge_registration(options, key.create(options))

    with pytest.raises(NoCredential):
        key.get(request_options())
    options = request_options(passkey.credential_id)
    answer = key.get(options)

    assert judge_sign_in(options, answer, passkey)
    assert "userHandle" not in answer["response"]


def test_a_named_credential_answers_before_a_newer_one(key: SoftAuthenticator) -> None:
    older, _newer = register(key, ANA), register(key, BO)

    answer = key.get(request_options(older.credential_id))

    assert base64url_to_bytes(answer["id"]) == older.credential_id


def test_nothing_answers_for_another_site_or_another_key(key: SoftAuthenticator) -> None:
    passkey = register(key)

    for options in (
        request_options(rp_id="example.org"),
        request_options(passkey.credential_id, rp_id="example.org"),
        request_options(b"unknown"),
    ):
        with pytest.raises(NoCredential):
            key.get(options)


def test_an_excluded_credential_stops_registration(key: SoftAuthenticator) -> None:
    passkey = register(key)

    with pytest.raises(AlreadyRegistered):
        key.create(creation_options(exclude=(passkey.credential_id,)))

    assert len(key.credentials) == 1
    assert key.create(creation_options(BO, exclude=(b"somewhere else",)))
    assert SoftAuthenticator().create(creation_options(exclude=(passkey.credential_id,)))


def test_a_second_resident_credential_of_an_account_replaces_the_first(
    key: SoftAuthenticator,
) -> None:
    first, other = register(key, ANA), register(key, BO)
    elsewhere = key.create(creation_options(ANA, rp_id="example.org"))
    second = register(key, ANA)

    kept = [credential.id for credential in key.credentials]

    assert first.credential_id not in kept
    assert kept == [
        other.credential_id,
        base64url_to_bytes(elsewhere["id"]),
        second.credential_id,
    ]


def test_credentials_that_are_not_resident_replace_nothing(key: SoftAuthenticator) -> None:
    discouraged = creation_options(resident_key=ResidentKeyRequirement.DISCOURAGED)

    for options in (creation_options(), discouraged, discouraged):
        key.create(options)

    assert [kept.resident for kept in key.credentials] == [True, False, False]


# Counters, flags and clones


def test_a_synced_passkey_does_not_count(key: SoftAuthenticator) -> None:
    passkey = register(key)

    counts = [judge_sign_in(o, key.get(o), passkey) for o in (request_options(), request_options())]

    assert passkey.sign_count == 0
    assert [seen.new_sign_count for seen in counts] == [0, 0]


@pytest.mark.parametrize(("counts", "seen"), [(True, [1, 2, 3]), (5, [5, 10, 15])])
def test_a_counting_key_counts_at_every_use(counts: int, seen: list[int]) -> None:
    key = SoftAuthenticator(counts=counts)
    passkey = register(key)
    told = [passkey.sign_count]

    for _ in range(2):
        options = request_options()
        told.append(judge_sign_in(options, key.get(options), passkey, told[-1]).new_sign_count)

    assert told == seen


def test_a_counter_set_back_is_noticed() -> None:
    key = SoftAuthenticator(counts=True)
    passkey = register(key)
    key.credentials[0].sign_count = 0
    options = request_options()

    with pytest.raises(InvalidAuthenticationResponse, match="sign count"):
        judge_sign_in(options, key.get(options), passkey, passkey.sign_count)


def test_a_clone_signs_as_well_and_lags_behind() -> None:
    """Both hold the key; whichever is used second shows a count that was seen."""
    key = SoftAuthenticator(counts=True)
    passkey = register(key)
    thief = key.clone()
    options = request_options()
    count = judge_sign_in(options, key.get(options), passkey, passkey.sign_count).new_sign_count

    answer = thief.get(options)

    assert judge_sign_in(options, answer, passkey, passkey.sign_count)
    with pytest.raises(InvalidAuthenticationResponse, match="sign count"):
        judge_sign_in(options, answer, passkey, count)


def test_a_clone_goes_its_own_way(key: SoftAuthenticator) -> None:
    register(key)
    thief = key.clone()
    thief.create(creation_options(BO))
    thief.credentials[0].backed_up = False

    assert len(key.credentials) == 1
    assert key.credentials[0].backed_up


@pytest.mark.parametrize(
    ("eligible", "backed_up", "device", "seen_backed_up"),
    [
        (True, True, CredentialDeviceType.MULTI_DEVICE, True),
        (True, False, CredentialDeviceType.MULTI_DEVICE, False),
        (False, True, CredentialDeviceType.SINGLE_DEVICE, False),
        (False, False, CredentialDeviceType.SINGLE_DEVICE, False),
    ],
)
def test_backup_flags_are_told_at_both_ceremonies(
    eligible: bool,
    backed_up: bool,
    device: CredentialDeviceType,
    seen_backed_up: bool,
) -> None:
    """And what cannot leave the device is never said to be backed up."""
    key = SoftAuthenticator(backup_eligible=eligible, backed_up=backed_up)
    passkey = register(key)
    options = request_options()
    seen = judge_sign_in(options, key.get(options), passkey)

    for told in (passkey, seen):
        assert told.credential_device_type is device
        assert told.credential_backed_up is seen_backed_up


def test_a_credential_whose_backup_flags_are_turned_over_says_so(key: SoftAuthenticator) -> None:
    passkey = register(key)
    key.credentials[0].backup_eligible = key.credentials[0].backed_up = False
    options = request_options()

    seen = judge_sign_in(options, key.get(options), passkey)

    assert seen.credential_device_type is CredentialDeviceType.SINGLE_DEVICE
    key.credentials[0].backed_up = True
    with pytest.raises(InvalidBackupFlags):
        judge_sign_in(options, key.get(options), passkey)


def test_a_key_without_pin_is_refused_where_verification_is_required(
    key: SoftAuthenticator,
) -> None:
    passkey = register(key)
    key.user_verified = False
    create, get = creation_options(BO), request_options()

    with pytest.raises(InvalidAuthenticationResponse, match="not verified"):
        judge_sign_in(get, key.get(get), passkey)
    with pytest.raises(InvalidRegistrationResponse, match="not verified"):
        judge_registration(create, key.create(create))


def test_a_key_that_was_not_touched_is_refused(key: SoftAuthenticator) -> None:
    passkey = register(key)
    key.user_present = False
    create, get = creation_options(BO), request_options()

    with pytest.raises(InvalidAuthenticationResponse, match="not present"):
        judge_sign_in(get, key.get(get), passkey)
    with pytest.raises(InvalidRegistrationResponse, match="not present"):
        judge_registration(create, key.create(create))


# Bends


bends_and_reasons = pytest.mark.parametrize(
    ("bend", "reason"),
    [
        pytest.param({"origin": "https://evil.example"}, "client data origin", id="origin"),
        pytest.param({"challenge": b"another"}, "challenge", id="challenge"),
        pytest.param({"client_data_type": "payment.get"}, "client data type", id="type"),
        pytest.param({"rp_id": "evil.example"}, "RP ID hash", id="rp id"),
        pytest.param({"user_present": False}, "not present", id="presence"),
        pytest.param({"user_verified": False}, "not verified", id="verification"),
        pytest.param({"backup_eligible": False}, "backed up", id="backed up, not eligible"),
        pytest.param({"client_data": lambda it: it[:-1]}, "clientDataJSON", id="client data"),
        pytest.param(
            {"authenticator_data": lambda it: it[:36]},
            "(authenticatorData|attestationObject) was malformed",
            id="authenticator data",
        ),
        pytest.param(
            {"tamper": lambda it: it.update(rawId="AAAA")}, "not equivalent", id="changed in place"
        ),
        pytest.param(
            {"tamper": lambda it: {**it, "type": "password"}}, "unexpected type", id="another"
        ),
    ],
)


@bends_and_reasons
def test_a_bent_registration_is_refused_for_what_was_bent(
    key: SoftAuthenticator, bend: JSON, reason: str
) -> None:
    options = creation_options()

    with pytest.raises(WebAuthnException, match=reason):
        judge_registration(options, key.create(options, **bend))


@bends_and_reasons
def test_a_bent_sign_in_is_refused_for_what_was_bent(
    key: SoftAuthenticator, bend: JSON, reason: str
) -> None:
    passkey = register(key)
    options = request_options()

    with pytest.raises(WebAuthnException, match=reason):
        judge_sign_in(options, key.get(options, **bend), passkey)


def test_a_bend_lasts_for_one_call(key: SoftAuthenticator) -> None:
    passkey = register(key)
    options = request_options()
    key.get(options, origin="https://evil.example", user_verified=False, user_handle=BO)

    answer = key.get(options)

    assert judge_sign_in(options, answer, passkey)
    assert base64url_to_bytes(answer["response"]["userHandle"]) == ANA


def test_a_bent_answer_is_signed_as_it_stands(key: SoftAuthenticator) -> None:
    """py_webauthn looks neither at crossOrigin nor at topOrigin, so only we can refuse these."""
    passkey = register(key)
    options = request_options()

    answer = key.get(options, cross_origin=True, top_origin="https://evil.example")

    assert judge_sign_in(options, answer, passkey)
    assert said(answer)["crossOrigin"] is True
    assert said(answer)["topOrigin"] == "https://evil.example"


def test_rewritten_bytes_are_signed(key: SoftAuthenticator) -> None:
    """py_webauthn reads UTF-16 too: a strict reader must refuse what is well signed."""
    passkey = register(key)
    options = request_options()

    def utf_16(written: bytes) -> bytes:
        return written.decode().encode("utf-16")

    assert judge_sign_in(options, key.get(options, client_data=utf_16), passkey)


@pytest.mark.parametrize("member", ["clientDataJSON", "authenticatorData", "signature"])
def test_what_is_tampered_with_after_signing_breaks_the_signature(
    key: SoftAuthenticator, member: str
) -> None:
    passkey = register(key)
    options = request_options()
    other = key.get(options, user_handle=None, cross_origin=True, backed_up=False)

    def swap(answer: JSON) -> None:
        answer["response"][member] = other["response"][member]

    with pytest.raises(InvalidAuthenticationResponse, match="signature"):
        judge_sign_in(options, key.get(options, tamper=swap), passkey)


def test_a_user_handle_can_be_anothers_or_missing(key: SoftAuthenticator) -> None:
    register(key)

    foreign = key.get(request_options(), user_handle=BO)["response"]
    missing = key.get(request_options(), user_handle=None)["response"]

    assert base64url_to_bytes(foreign["userHandle"]) == BO
    assert "userHandle" not in missing


def test_a_credential_that_was_not_asked_for_can_answer(key: SoftAuthenticator) -> None:
    """As when somebody answers with a key of their own in another's name."""
    asked, stranger = register(key), SoftAuthenticator()
    own = register(stranger, BO)
    options = request_options(asked.credential_id)

    answer = stranger.get(options, credential=stranger.credentials[0])

    assert judge_sign_in(options, answer, own).credential_id == own.credential_id
    with pytest.raises(InvalidAuthenticationResponse, match="signature"):
        judge_sign_in(options, answer, asked)


def test_another_private_key_signs_wrongly(key: SoftAuthenticator) -> None:
    passkey, other = register(key), SoftAuthenticator()
    register(other)
    key.credentials[0].private_key = other.credentials[0].private_key
    options = request_options()

    with pytest.raises(InvalidAuthenticationResponse, match="signature"):
        judge_sign_in(options, key.get(options), passkey)


@pytest.mark.parametrize("ceremony", [SoftAuthenticator.create, SoftAuthenticator.get])
def test_a_misspelt_bend_is_an_error(key: SoftAuthenticator, ceremony: Callable[..., JSON]) -> None:
    """Otherwise a hostile test would send an honest answer."""
    with pytest.raises(TypeError, match="cross_orgin"):
        ceremony(key, creation_options(), cross_orgin=True)
    with pytest.raises(TypeError, match="user_handle"):
        key.create(creation_options(), user_handle=BO)  # type: ignore[call-arg]


def test_post_quantum_keys_are_made_only_when_asked_for(key: SoftAuthenticator) -> None:
    """The tests of our users stay as they are, whatever a site offers first."""
    key.create(creation_options(algorithms=(ML_DSA_44, ML_DSA_65, ES256)))

    assert key.credentials[0].algorithm == ES256


def test_what_is_attested_can_be_another_key_and_id(key: SoftAuthenticator) -> None:
    options, point = creation_options(), cbor2.dumps({1: 2, 3: -7})

    made = key.create(options, credential_id=b"another", public_key=point)

    attested = cbor2.loads(base64url_to_bytes(made["response"]["attestationObject"]))["authData"]
    assert attested[53:] == b"\0\7another" + point
    assert base64url_to_bytes(made["id"]) == b"another"


def test_an_attestation_object_can_be_rewritten(key: SoftAuthenticator) -> None:
    made = key.create(creation_options(), attestation_object=lambda whole: whole + b"\0")

    assert base64url_to_bytes(made["response"]["attestationObject"]).endswith(b"\0")


def test_extension_data_come_with_their_flag_and_are_signed(key: SoftAuthenticator) -> None:
    passkey, options = register(key), request_options()

    answer = key.get(options, extensions=b"\xa0")

    assert judge_sign_in(options, answer, passkey)
    data = base64url_to_bytes(answer["response"]["authenticatorData"])
    assert (data[32] & 0x80, data[37:]) == (0x80, b"\xa0")
