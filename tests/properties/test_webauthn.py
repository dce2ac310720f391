"""What a device answers is verified, refused, or malformed; nothing else comes out."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import CREDENTIAL, bent, json_values, objects

from unlatch.core.answer import Answer
from unlatch.core.kinds import Method
from unlatch.core.party import RelyingParty
from unlatch.core.records import Passkey
from unlatch.core.secrets import from_base64url, to_base64url
from unlatch.core.webauthn import verify_assertion, verify_registration
from unlatch.errors import Malformed, PasskeyRefused
from unlatch.testing import SoftAuthenticator

PARTY = RelyingParty(id="acme.example", name="Acme", origins=("https://acme.example",))
CHALLENGE = bytes(range(32))
ALGORITHMS = (-7, -8, -257)


@dataclass(frozen=True)
class Honest:
    """A device's two answers, and the passkey that was kept of the first."""

    created: dict[str, Any]
    got: dict[str, Any]
    passkey: Passkey

    @property
    def key(self) -> bytes:
        """The public one."""
        return self.passkey.public_key


@cache
def honest(algorithm: int) -> Honest:
    key = SoftAuthenticator(origin=PARTY.origin, algorithms=[algorithm])
    challenge = to_base64url(CHALLENGE)
    created = key.create(
        {
            "publicKey": {
                "rp": {"id": PARTY.id, "name": PARTY.name},
                "user": {"id": to_base64url(bytes(64)), "name": "mira", "displayName": "Mira"},
                "challenge": challenge,
                "pubKeyCredParams": [{"type": "public-key", "alg": algorithm}],
                "authenticatorSelection": {"residentKey": "required"},
            }
        }
    )
    seen = verify_registration(Answer.read(created), CHALLENGE, PARTY)
    got = key.get({"publicKey": {"rpId": PARTY.id, "challenge": challenge}})
    passkey = Passkey(
        id="id",
        account_id="mira",
        credential_id=seen.credential_id,
        public_key=seen.public_key,
        sign_count=seen.sign_count,
        backup_eligible=seen.backup_eligible,
        backed_up=seen.backed_up,
        transports=seen.transports,
        aaguid=seen.aaguid,
        name="Key",
        added_on=Method.REGISTRATION,
        added_at=0,
    )
    return Honest(created, got, passkey)


def flipped(text: str, place: int, bit: int) -> str:
    """Base64url of the same bytes but for one bit."""
    data = bytearray(from_base64url(text))
    data[place % len(data)] ^= 1 << bit
    return to_base64url(bytes(data))


def with_flipped(answer: dict[str, Any], piece: str, place: int, bit: int) -> dict[str, Any]:
    response = answer["response"]
    return answer | {"response": response | {piece: flipped(response[piece], place, bit)}}


algorithms = st.sampled_from(ALGORITHMS)
places, bits = st.integers(0, 2000), st.integers(0, 7)


@given(st.one_of(json_values, objects(*CREDENTIAL)))
def test_whatever_is_sent_is_an_answer_or_malformed(body):
    with suppress(Malformed):
        assert isinstance(Answer.read(body), Answer)


@given(algorithms, st.data())
def test_a_bent_answer_is_verified_refused_or_malformed(algorithm, data):
    told = honest(algorithm)
    for whole, verify in (
        (told.created, lambda answer: verify_registration(answer, CHALLENGE, PARTY)),
        (
            told.got,
            lambda answer: verify_assertion(answer, CHALLENGE, told.key, PARTY),
        ),
    ):
        try:
            verify(Answer.read(data.draw(bent(whole))))
        except (Malformed, PasskeyRefused):
            continue


@given(
    algorithms,
    st.sampled_from(("clientDataJSON", "authenticatorData", "signature")),
    places,
    bits,
)
def test_a_sign_in_with_any_bit_flipped_is_refused(algorithm, piece, place, bit):
    told = honest(algorithm)

    with pytest.raises((Malformed, PasskeyRefused)):
        verify_assertion(
            Answer.read(with_flipped(told.got, piece, place, bit)),
            CHALLENGE,
            told.key,
            PARTY,
        )


@given(algorithms, st.sampled_from(("clientDataJSON", "attestationObject")), places, bits)
@example(-7, "attestationObject", 0, 0)
def test_a_registration_with_any_bit_flipped_breaks_nothing(algorithm, piece, place, bit):
    """Attestation `none` signs nothing, so some of them are good ones of another key."""
    told = honest(algorithm)

    try:
        seen = verify_registration(
            Answer.read(with_flipped(told.created, piece, place, bit)), CHALLENGE, PARTY
        )
    except (Malformed, PasskeyRefused):
        return
    assert seen.credential_id == told.passkey.credential_id


@given(algorithms, st.binary(max_size=300))
def test_no_attestation_breaks_anything(algorithm, attestation):
    told = honest(algorithm)
    assume(attestation)
    response = told.created["response"] | {"attestationObject": to_base64url(attestation)}

    with pytest.raises(PasskeyRefused):
        verify_registration(Answer.read(told.created | {"response": response}), CHALLENGE, PARTY)


@given(algorithms, algorithms)
def test_an_answer_for_one_passkey_serves_no_other(one, other):
    if one != other:
        with pytest.raises(PasskeyRefused):
            verify_assertion(Answer.read(honest(one).got), CHALLENGE, honest(other).key, PARTY)


@given(st.binary(min_size=1, max_size=64))
def test_an_answer_to_another_challenge_is_refused(challenge):
    assume(challenge != CHALLENGE)
    told = honest(-7)

    with pytest.raises(PasskeyRefused):
        verify_assertion(Answer.read(told.got), challenge, told.key, PARTY)


@given(st.binary(max_size=400))
def test_no_stored_key_breaks_anything(public_key):
    """A database may be damaged, too."""
    told = honest(-7)
    with pytest.raises(PasskeyRefused):
        verify_assertion(Answer.read(told.got), CHALLENGE, public_key, PARTY)
