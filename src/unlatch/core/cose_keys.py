"""Public keys of passkeys: which kinds are asked for, and what makes one worth keeping.

With attestation `none` nothing uses a new key, so a broken one would be kept, shown as a
passkey, and fail at the next sign-in. It is looked through here, when it is made.

Section numbers are those of W3C WebAuthn Level 3.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cbor2
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSEAlgorithmIdentifier

from unlatch.core.cbor_gate import read_one

RSA_BITS_LEAST, RSA_BITS_MOST = 2048, 4096
"""Below, it can be broken; above, every sign-in costs more than a passkey is worth."""

RSA_EXPONENT_LEAST, RSA_EXPONENT_MOST = 65537, 2**64 - 1
"""Small exponents have a history of forgeries; OpenSSL takes none of more than 64 bits with a
modulus of more than 3072, and larger ones only make verifying slow."""

_SMALL_ORDER = frozenset(
    bytes.fromhex(written)
    for written in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
"""All points of Ed25519 whose order divides 8, without the bit for their sign; the last two are
the first two written once more, with the field's prime added. A published list, as libsodium
has it, and no arithmetic of ours: a test forges a signature under each.
"""

_KTY, _ALG = 1, 3
_ES256, _EDDSA, _RS256, _ML_DSA_44, _ML_DSA_65 = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
    COSEAlgorithmIdentifier.ML_DSA_44,
    COSEAlgorithmIdentifier.ML_DSA_65,
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a COSE_Key of one algorithm has: key type and curve, and its byte strings with
    their lengths (None: any).
    """

    numbers: dict[int, int]
    strings: dict[int, int | None]


# 6.5.1.1 asks for `alg` and what the key type requires, and allows no other parameter; 5.8.5
# ties ES256 to P-256 with both coordinates in full, and EdDSA to Ed25519. RS256 as in RFC 8230,
# ML-DSA as in the COSE key type AKP (7).
_SHAPES = {
    _ES256: _Shape({_KTY: 2, -1: 1}, {-2: 32, -3: 32}),
    _EDDSA: _Shape({_KTY: 1, -1: 6}, {-2: 32}),
    _RS256: _Shape({_KTY: 3}, {-1: None, -2: None}),
    _ML_DSA_44: _Shape({_KTY: 7}, {-1: 1312}),
    _ML_DSA_65: _Shape({_KTY: 7}, {-1: 1952}),
}


def algorithms() -> list[COSEAlgorithmIdentifier]:
    """Offered and accepted, in this order; passed to the options *and* to the verification.

    Post-quantum signatures (ML-DSA) come last, because they are young and long, and not at all
    where the OpenSSL that runs cannot check them.
    """
    classic = [_ES256, _EDDSA, _RS256]
    return [*classic, _ML_DSA_44, _ML_DSA_65] if _checks_ml_dsa() else classic


def require_sane(key: bytes) -> None:
    """Refuse a public key that could never sign in, or that others could sign in with.

    But for one that no library here tells of: an Ed25519 point off its curve, under which
    OpenSSL refuses every signature. It lets nobody in, and whoever sends one could as well
    throw a good key's private half away.

    Args:
        key: COSE_Key (6.5.1.1).

    Raises:
        Exception: Of whatever class: cbor2, py_webauthn and cryptography have many.
    """
    _require_shape(read_one(key))
    # Builds it: a point of P-256 must be on its curve.
    public = decoded_public_key_to_cryptography(decode_credential_public_key(key))
    match public:
        case RSAPublicKey():
            _require_strong(public)
        case Ed25519PublicKey():
            _require_large_order(public)


@cache
def nobodys_key() -> bytes:
    """A public key (COSE_Key) to check a signature with where there is no passkey. It decides
    nothing: whose passkey is nobody's is refused whatever the signature.
    """
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    return cbor2.dumps({_KTY: 2, _ALG: _ES256.value, -1: 1, -2: x, -3: y})


def _require_shape(fields: Any) -> None:
    """Algorithm, key type and curve as they belong together, and nothing besides."""
    shape = _SHAPES[fields[_ALG]]
    if fields.keys() != {_ALG, *shape.numbers, *shape.strings}:
        raise ValueError("a key with other parameters than its kind has")
    for label, number in shape.numbers.items():
        if type(fields[label]) is not int or fields[label] != number:
            raise ValueError("a key type or curve that is not its algorithm's")
    for label, length in shape.strings.items():
        value = fields[label]
        if not isinstance(value, bytes) or length not in (None, len(value)):
            raise ValueError("a key whose parts are not of their length")


def _require_strong(public: RSAPublicKey) -> None:
    numbers = public.public_numbers()
    if not RSA_BITS_LEAST <= public.key_size <= RSA_BITS_MOST or numbers.n % 2 == 0:
        raise ValueError(f"an RSA modulus of {public.key_size} bits, or an even one")
    if not RSA_EXPONENT_LEAST <= numbers.e <= RSA_EXPONENT_MOST:
        raise ValueError("an RSA exponent too small or too large")


def _require_large_order(public: Ed25519PublicKey) -> None:
    """Under a point of small order anybody signs, without its private half."""
    written = public.public_bytes_raw()
    if written[:31] + bytes([written[31] & 0x7F]) in _SMALL_ORDER:
        raise ValueError("an Ed25519 point of small order")


def _checks_ml_dsa() -> bool:
    try:
        MLDSA44PublicKey.from_public_bytes(bytes(1312))
    except UnsupportedAlgorithm:
        return False
    return True
