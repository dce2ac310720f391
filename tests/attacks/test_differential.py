"""Two judges of one answer: what we accept, Yubico's `fido2` must not refuse for a reason of
security. An answer is made rightly, then changed in one way or several; the seed is fixed.

No reason of fido2's has to be excused as a matter of taste: all that we accept of what is made
here, it accepts. One that comes up with a later version belongs into `unjust` by its words, with
the reason why it lets nobody in.

The check-lists are called directly, for thousands of answers; what they are called with, and
what is made of their verdict, the other pages here ask over HTTP.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from fido2.attestation.base import NoneAttestation
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
)

from unlatch.core.answer import Answer
from unlatch.core.kinds import Method
from unlatch.core.party import RelyingParty
from unlatch.core.records import Passkey
from unlatch.core.webauthn import verify_assertion, verify_registration, what_is_amiss
from unlatch.errors import Malformed, PasskeyRefused
from unlatch.testing import SoftAuthenticator
from unlatch.testing.answers import JSON, raw, text
from unlatch.testing.keys import cose_key

ORIGIN = "https://acme.example"
PARTY = RelyingParty(id="acme.example", name="Acme Notes", origins=(ORIGIN, f"{ORIGIN}:8443"))
CHALLENGE, HANDLE = b"c" * 32, b"h" * 64
OFFERED = (-7, -8, -257, -48, -49)
ROUNDS = 1_250
"""Of each kind."""

CREATION: JSON = {
    "rp": {"id": PARTY.id},
    "user": {"id": text(HANDLE)},
    "challenge": text(CHALLENGE),
    "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in OFFERED],
}
REQUEST: JSON = {"rpId": PARTY.id, "challenge": text(CHALLENGE)}

Change = Callable[[bytes], bytes]


# --- the two judges


SERVER = Fido2Server(
    PublicKeyCredentialRpEntity(id=PARTY.id, name=PARTY.name),
    verify_origin=PARTY.origins.__contains__,
)
STATE = {"challenge": text(CHALLENGE), "user_verification": "required"}


def fido2_registration(answer: JSON) -> str | None:
    """Why fido2 refuses it, or None. Its server ignores attestation, offers what it knows and
    leaves the key alone, so those are asked one by one.
    """
    try:
        SERVER.register_complete(STATE, answer)
        attestation = RegistrationResponse.from_dict(answer).response.attestation_object
        data = attestation.auth_data.credential_data
        assert data is not None
        if attestation.fmt == "none":
            NoneAttestation().verify(attestation.att_stmt, attestation.auth_data, b"h" * 32)
        if data.public_key[3] not in OFFERED:
            return "an algorithm that was not offered"
        if data.credential_id != raw(answer["rawId"]):
            return "another id than was attested"
        _builds(data.public_key)
    except Exception as error:  # whichever it raises is its no
        return f"{type(error).__name__}: {error}"
    return None


def _builds(key: CoseKey) -> None:
    """A key builds when what it says of a signature is that it is wrong."""
    try:
        key.verify(b"message", bytes(64))
    except InvalidSignature:
        return
    raise ValueError("anybody signs for this key")


def fido2_assertion(answer: JSON, known: bytes) -> str | None:
    try:
        credential = AttestedCredentialData(known)
        SERVER.authenticate_complete(STATE, [credential], answer)
    except Exception as error:  # whichever it raises is its no
        return f"{type(error).__name__}: {error}"
    return None


def accepts(judge: Callable[[], object]) -> bool:
    """Whether we do; anything but a refusal is a fault, and fails the test."""
    try:
        return judge() is not False
    except (PasskeyRefused, Malformed):
        return False


def our_registration(answer: JSON) -> bool:
    return accepts(lambda: verify_registration(Answer.read(answer), CHALLENGE, PARTY))


def our_assertion(answer: JSON, passkey: Passkey) -> bool:
    def judge() -> bool:
        read = Answer.read(answer)
        if read.credential_id != passkey.credential_id or read.user_handle != HANDLE:
            return False  # the caller would not find it, or not as this account's
        seen = verify_assertion(read, CHALLENGE, passkey.public_key, PARTY)
        return what_is_amiss(passkey, seen, at=1) is None

    return accepts(judge)


# --- the changes


class Chance:
    """Where the changes come from: one seed, so that a failure comes again."""

    def __init__(self) -> None:
        self.random = random.Random(20_090_109)

    def flip(self, data: bytes) -> bytes:
        at, bit = self.random.randrange(len(data)), 1 << self.random.randrange(8)
        return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]

    def cut(self, data: bytes) -> bytes:
        return data[: self.random.randrange(len(data))]

    def lengthen(self, data: bytes) -> bytes:
        return data + self.random.randbytes(self.random.choice([1, 2, 16]))

    def drop(self, data: bytes) -> bytes:
        at = self.random.randrange(len(data))
        return data[:at] + data[at + 1 :]

    def double(self, data: bytes) -> bytes:
        at, size = self.random.randrange(len(data)), self.random.randrange(1, 40)
        return data[:at] + data[at : at + size] + data[at:]

    def bytes_changed(self) -> Change:
        """One of the above, at times twice."""
        one = self.random.choice(
            [self.flip, self.flip, self.cut, self.lengthen, self.drop, self.double]
        )
        return one if self.random.random() < 0.8 else lambda data: self.flip(one(data) or b"\0")

    def flags(self, data: bytes) -> bytes:
        return data[:32] + bytes([self.random.randrange(256)]) + data[33:]

    def counter(self, data: bytes) -> bytes:
        return data[:33] + self.random.choice([bytes(4), b"\0\0\0\1", b"\xff" * 4]) + data[37:]

    def recode(self, data: bytes) -> bytes:
        """A CBOR map again, otherwise: its order, its lengths, a tag, a member more or less."""
        told = cbor2.loads(data)
        members = list(told.items())
        self.random.shuffle(members)
        return self.random.choice(
            [
                lambda: cbor2.dumps(dict(members)),
                lambda: cbor2.dumps(dict(members[1:])),
                lambda: cbor2.dumps(told | {"more": self.random.choice([1, "x", None, 1.5])}),
                lambda: cbor2.dumps(told | {members[0][0]: members[1][1]}),
                lambda: cbor2.dumps(told, indefinite_containers=True),
                lambda: cbor2.dumps(cbor2.CBORTag(55799, told)),
                lambda: b"\xb8" + bytes([len(told)]) + data[1:],
                lambda: cbor2.dumps(members),
            ]
        )()

    def number(self, key: bytes) -> bytes:
        """A COSE key with another key type, algorithm or curve."""
        told = cbor2.loads(key)
        label = self.random.choice([one for one, value in told.items() if isinstance(value, int)])
        return cbor2.dumps(told | {label: self.random.choice([1, 2, 3, 6, 7, *OFFERED, -9, -37])})

    def signed(self) -> JSON:
        """A bend of what is signed, with a signature that fits."""
        return self.random.choice(
            [
                {"origin": "https://evil.example"},
                {"origin": f"{ORIGIN}:8443"},  # ours, too
                {"origin": f"{ORIGIN}:8444"},
                {"rp_id": "evil.example"},
                {"challenge": b"d" * 32},
                {"client_data_type": self.random.choice(["webauthn.get", "webauthn.create", ""])},
                {"user_present": False},
                {"user_verified": False},
                {"backed_up": False},
                {"backup_eligible": False, "backed_up": False},
                {"cross_origin": True},
                {"top_origin": "https://evil.example"},
                {
                    "extensions": self.random.choice(
                        [b"\xa0", b"\xa1\x61a\x01", b"", b"\x01", b"\xa0\0"]
                    )
                },
                {"authenticator_data": self.flags},
                {"authenticator_data": self.counter},
                {"authenticator_data": self.bytes_changed()},
                {"client_data": self.bytes_changed()},
                {"client_data": lambda said: said.replace(b'":"', b'" : "')},
                {"client_data": lambda said: said[:-1] + b',"more":[1,{"x":null}]}'},
            ]
        )

    def unsigned(self, parts: tuple[str, ...]) -> JSON:
        """A change of what was sent, after it was signed."""

        def tamper(answer: JSON) -> None:
            part = self.random.choice(parts)
            holder = answer if part in answer else answer["response"]
            holder[part] = text(self.bytes_changed()(raw(holder[part])))
            if part == "rawId" and self.random.random() < 0.7:
                answer["id"] = answer["rawId"]

        return {"tamper": tamper}

    def swapped(self, other: JSON, parts: tuple[str, ...]) -> JSON:
        """A part of another answer in its place."""

        def tamper(answer: JSON) -> None:
            part = self.random.choice(parts)
            holder, source = (
                (answer, other) if part in answer else (answer["response"], other["response"])
            )
            holder[part] = source[part]

        return {"tamper": tamper}


# --- the rounds


def device(algorithm: int) -> SoftAuthenticator:
    return SoftAuthenticator(origin=ORIGIN, algorithms=[algorithm])


@pytest.fixture(scope="module")
def keys() -> dict[int, list[SoftAuthenticator]]:
    """Two devices of each algorithm, with a passkey; made once, since RSA keys take their time."""
    made = {algorithm: [device(algorithm) for _ in range(2)] for algorithm in OFFERED}
    for one in (one for both in made.values() for one in both):
        one.create(CREATION)
    return made


def public_key(key: SoftAuthenticator) -> bytes:
    return cose_key(key.credentials[0].private_key)


def made_again(key: SoftAuthenticator, **bend: Any) -> JSON:
    """A registration of the passkey that is on it already, by a device whose own new key, quickly
    made, is not the one that it attests.
    """
    told = {"credential_id": key.credentials[0].id, "public_key": public_key(key)}
    return device(-8).create(CREATION, **(told | bend))


def record(key: SoftAuthenticator) -> tuple[Passkey, bytes]:
    """A passkey as we keep it, and as fido2 does."""
    answer = made_again(key)
    seen = verify_registration(Answer.read(answer), CHALLENGE, PARTY)
    attested = AttestationObject(raw(answer["response"]["attestationObject"])).auth_data
    assert attested.credential_data is not None
    passkey = Passkey(
        id="key",
        account_id="anna",
        credential_id=seen.credential_id,
        public_key=seen.public_key,
        sign_count=0,
        backup_eligible=seen.backup_eligible,
        backed_up=seen.backed_up,
        transports=(),
        aaguid="",
        name="Phone",
        added_on=Method.PASSKEY,
        added_at=1,
    )
    return passkey, bytes(attested.credential_data)


def unjust(verdicts: Iterator[tuple[bool, str | None, str]], seen: Counter[str]) -> list[str]:
    """What we accept and fido2 refuses."""
    found = []
    for ours, reason, what in verdicts:
        seen["accepted" if ours else "refused"] += 1
        seen["refused by both"] += not ours and reason is not None
        if ours and reason is not None:
            found.append(f"{what}: {reason}")
    return found


@pytest.mark.parametrize("algorithm", OFFERED)
def test_both_accept_what_is_right(keys, algorithm):
    """Else what follows would prove nothing."""
    key = keys[algorithm][0]
    passkey, known = record(key)

    registration, assertion = made_again(key), key.get(REQUEST)

    assert (our_registration(registration), fido2_registration(registration)) == (True, None)
    assert (our_assertion(assertion, passkey), fido2_assertion(assertion, known)) == (True, None)


def bent_registration(chance: Chance, key: SoftAuthenticator, other: SoftAuthenticator) -> JSON:
    parts, cose = ("clientDataJSON", "attestationObject", "rawId"), public_key(key)
    ways: list[Callable[[], JSON]] = [
        chance.signed,
        lambda: chance.unsigned(parts),
        lambda: chance.swapped(made_again(other), parts),
        lambda: {"attestation_object": chance.recode},
        lambda: {"attestation_object": chance.bytes_changed()},
        lambda: {"public_key": chance.recode(cose)},
        lambda: {"public_key": chance.bytes_changed()(cose)},
        lambda: {"public_key": chance.number(cose)},
    ]
    return chance.random.choice(ways)()


def bent_assertion(chance: Chance, other: SoftAuthenticator) -> JSON:
    parts = ("clientDataJSON", "authenticatorData", "signature", "userHandle", "rawId")
    ways: list[Callable[[], JSON]] = [
        chance.signed,
        lambda: chance.unsigned(parts),
        lambda: chance.swapped(other.get(REQUEST), parts),
        lambda: {"user_handle": chance.random.choice([None, b"x" * 64, HANDLE])},
    ]
    return chance.random.choice(ways)()


@pytest.mark.slow
def test_no_registration_is_accepted_that_fido2_refuses(keys):
    chance = Chance()

    def verdicts() -> Iterator[tuple[bool, str | None, str]]:
        for number in range(ROUNDS):
            key, other = chance.random.sample(keys[chance.random.choice(OFFERED)], 2)
            bend = bent_registration(chance, key, other)
            answer = made_again(key, **bend)
            yield our_registration(answer), fido2_registration(answer), f"round {number} {bend}"

    seen: Counter[str] = Counter()
    assert unjust(verdicts(), seen) == []
    assert seen["accepted"] > ROUNDS / 20  # some changes change nothing that matters
    assert seen["refused by both"] > ROUNDS / 2


@pytest.mark.slow
def test_no_sign_in_is_accepted_that_fido2_refuses(keys):
    chance = Chance()
    kept = {id(one): record(one) for both in keys.values() for one in both}

    def verdicts() -> Iterator[tuple[bool, str | None, str]]:
        for number in range(ROUNDS):
            key, other = chance.random.sample(keys[chance.random.choice(OFFERED)], 2)
            bend = bent_assertion(chance, other)
            passkey, known = kept[id(chance.random.choice([key, key, key, other]))]
            answer = key.get(REQUEST, **bend)
            ours, reason = our_assertion(answer, passkey), fido2_assertion(answer, known)
            yield ours, reason, f"round {number} {bend}"

    seen: Counter[str] = Counter()
    assert unjust(verdicts(), seen) == []
    assert seen["accepted"] > ROUNDS / 20
    assert seen["refused by both"] > ROUNDS / 2
