"""A credential of a `SoftAuthenticator` and its key pair: ES256, EdDSA, RS256 or ML-DSA.

Section numbers are those of W3C WebAuthn Level 3.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA65PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = (
    EllipticCurvePrivateKey
    | Ed25519PrivateKey
    | RSAPrivateKey
    | MLDSA44PrivateKey
    | MLDSA65PrivateKey
)

ES256, EDDSA, RS256, ML_DSA_44, ML_DSA_65 = -7, -8, -257, -48, -49
"""COSEAlgorithmIdentifiers (5.8.5)."""

MAKERS: dict[int, Callable[[], PrivateKey]] = {
    ES256: lambda: generate_private_key(SECP256R1()),
    EDDSA: Ed25519PrivateKey.generate,
    RS256: lambda: generate_rsa(public_exponent=65537, key_size=2048),
    ML_DSA_44: MLDSA44PrivateKey.generate,
    ML_DSA_65: MLDSA65PrivateKey.generate,
}


@dataclass(kw_only=True)
class SoftCredential:
    """A public key credential source (4), open to a test's hand.

    Set `sign_count` back and the key looks cloned; turn `backup_eligible` over and
    it does what no honest key can; swap `private_key` and its signatures are wrong.
    """

    id: bytes = field(default_factory=lambda: token_bytes(32))
    rp_id: str
    user_handle: bytes
    private_key: PrivateKey = field(repr=False)
    resident: bool
    backup_eligible: bool
    backed_up: bool
    sign_count: int = 0

    @property
    def algorithm(self) -> int:
        """The COSE algorithm it signs with."""
        return algorithm_of(self.private_key)


def make_key(algorithm: int) -> PrivateKey:
    """Make a new key pair for a COSE algorithm."""
    return MAKERS[algorithm]()


def algorithm_of(key: PrivateKey) -> int:
    """Tell which COSE algorithm a key signs with."""
    match key:
        case EllipticCurvePrivateKey():
            return ES256
        case Ed25519PrivateKey():
            return EDDSA
        case RSAPrivateKey():
            return RS256
        case MLDSA44PrivateKey():
            return ML_DSA_44
        case MLDSA65PrivateKey():
            return ML_DSA_65


def sign(key: PrivateKey, message: bytes) -> bytes:
    """Sign in the form that WebAuthn 6.5.5 asks of each algorithm."""
    match key:
        case EllipticCurvePrivateKey():
            return key.sign(message, ECDSA(SHA256()))
        case Ed25519PrivateKey() | MLDSA44PrivateKey() | MLDSA65PrivateKey():
            return key.sign(message)
        case RSAPrivateKey():
            return key.sign(message, PKCS1v15(), SHA256())


def cose_key(key: PrivateKey) -> bytes:
    """Write the public key as COSE_Key in CTAP2 canonical CBOR (6.5.1.1)."""
    match key:
        case EllipticCurvePrivateKey():
            point = key.public_key().public_numbers()
            x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
            fields = {1: 2, 3: ES256, -1: 1, -2: x, -3: y}
        case Ed25519PrivateKey():
            fields = {1: 1, 3: EDDSA, -1: 6, -2: key.public_key().public_bytes_raw()}
        case RSAPrivateKey():
            public = key.public_key().public_numbers()
            fields = {1: 3, 3: RS256, -1: _unsigned(public.n), -2: _unsigned(public.e)}
        case MLDSA44PrivateKey() | MLDSA65PrivateKey():
            fields = {1: 7, 3: algorithm_of(key), -1: key.public_key().public_bytes_raw()}
    return cbor2.dumps(fields, canonical=True)


def subject_public_key_info(key: PrivateKey) -> bytes:
    """Write the public key as a browser's `getPublicKey()` does (5.2.1)."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _unsigned(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
