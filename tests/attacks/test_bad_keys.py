"""A new passkey with a public key that could never sign in, or that others could sign in with.

Nothing uses a key when it is made (attestation is `none`), so it would be kept, shown to its
owner as a way in, and fail when it is needed.
"""

import cbor2
import pytest
from ceremonies import ADDED, REFUSED, additions
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from unlatch.testing.keys import cose_key, make_key

ES256, EDDSA, RS256, ML_DSA_44, ML_DSA_65 = -7, -8, -257, -48, -49
OFFERED = [ES256, EDDSA, RS256, ML_DSA_44, ML_DSA_65]


@pytest.fixture(scope="module")
def good():
    """`good(algorithm)`: the fields of a key that will do."""
    made = {algorithm: cbor2.loads(cose_key(make_key(algorithm))) for algorithm in OFFERED}
    return lambda algorithm: dict(made[algorithm])


def point(curve):
    numbers = ec.generate_private_key(curve).public_key().public_numbers()
    size = (curve.key_size + 7) // 8
    return {-2: numbers.x.to_bytes(size, "big"), -3: numbers.y.to_bytes(size, "big")}


def modulus(bits):
    """An odd number of so many bits; nobody knows what it is the product of."""
    return (2 ** (bits - 1) + 1).to_bytes(bits // 8, "big")


def judged(mira, keys):
    """What becomes of new passkeys with these keys, given as fields or in bytes."""
    bends = {
        name: {"public_key": key if isinstance(key, bytes) else cbor2.dumps(key)}
        for name, key in keys.items()
    }
    return additions(mira, bends)


def test_good_keys_are_kept(mira, good):
    """So that what is refused below is refused for its one fault."""
    keys = {str(algorithm): good(algorithm) for algorithm in OFFERED}
    keys["RSA of 4096 bits"] = good(RS256) | {-1: modulus(4096)}

    assert judged(mira, keys) == dict.fromkeys(keys, ADDED)


def test_points_off_the_curve(mira, good, kept):
    x, y = good(ES256)[-2], good(ES256)[-3]
    keys = {
        "another y": good(ES256) | {-3: y[:-1] + bytes([y[-1] ^ 1])},
        "x and y swapped": good(ES256) | {-2: y, -3: x},
        "at nothing": good(ES256) | {-2: bytes(32), -3: bytes(32)},
        "beyond the field": good(ES256) | {-2: b"\xff" * 32},
        "compressed": good(ES256) | {-3: True},
        "a short coordinate": good(ES256) | {-2: x[1:]},
        "a long coordinate": good(ES256) | {-2: b"\0" + x},
        "Edwards, short": good(EDDSA) | {-2: good(EDDSA)[-2][1:]},
    }

    assert judged(mira, keys) == dict.fromkeys(keys, REFUSED)
    assert len(kept.passkeys()) == 1


SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
"""And the same with the other sign: an x that is negative."""

FORGED = bytes([1]) + bytes(63)
"""The neutral point and zero: made by nobody's private key."""


def small_points():
    points = [bytes.fromhex(one) for one in SMALL_ORDER]
    return points + [one[:31] + bytes([one[31] | 0x80]) for one in points]


def is_signed_by(point, message):
    try:
        Ed25519PublicKey.from_public_bytes(point).verify(FORGED, message)
    except InvalidSignature:
        return False
    return True


def test_points_that_anybody_signs_for(mira, good):
    """Under a point of small order a signature can be made without its private half."""
    keys = {one.hex(): good(EDDSA) | {-2: one} for one in small_points()}

    assert judged(mira, keys) == dict.fromkeys(keys, REFUSED)


def test_anybody_signs_for_them_indeed(good):
    """So that the list is of the points that it has to be of; and not of a good one."""
    messages = [bytes([number]) for number in range(256)]

    assert all(any(is_signed_by(one, each) for each in messages) for one in small_points())
    assert not any(is_signed_by(good(EDDSA)[-2], each) for each in messages)


def test_algorithm_key_type_and_curve_belong_together(mira, good):
    keys = {
        "ES256 on P-384": good(ES256) | {-1: 2} | point(ec.SECP384R1()),
        "ES256 on P-521": good(ES256) | {-1: 3} | point(ec.SECP521R1()),
        "ES256 on secp256k1": good(ES256) | {-1: 8} | point(ec.SECP256K1()),
        "ES256 on P-384, said to be P-256": good(ES256) | point(ec.SECP384R1()),
        "ES256 with an Edwards key": good(EDDSA) | {3: ES256},
        "ES256 with an RSA key": good(RS256) | {3: ES256},
        "EdDSA with a point of P-256": good(ES256) | {3: EDDSA},
        "EdDSA on Ed448": good(EDDSA) | {-1: 7, -2: bytes(57)},
        "EdDSA on X25519": good(EDDSA) | {-1: 4},
        "EdDSA with `true` for a key type": good(EDDSA) | {1: True},
        "ES256 with `true` for a curve": good(ES256) | {-1: True},
        "RS256 with a point of P-256": good(ES256) | {3: RS256},
        "ML-DSA-44 with the key of 65": good(ML_DSA_65) | {3: ML_DSA_44},
        "ML-DSA-65 with the key of 44": good(ML_DSA_44) | {3: ML_DSA_65},
        "ML-DSA-44, short": good(ML_DSA_44) | {-1: bytes(1311)},
        "ML-DSA-44 as an octet key": good(ML_DSA_44) | {1: 1},
    }

    assert judged(mira, keys) == dict.fromkeys(keys, REFUSED)


def test_weak_rsa(mira, good):
    keys = {
        "1024 bits": good(RS256) | {-1: modulus(1024)},
        "2040 bits": good(RS256) | {-1: modulus(2040)},
        "2048 bits with zeros before them": good(RS256) | {-1: b"\0\0" + modulus(2032)},
        "4104 bits, slow": good(RS256) | {-1: modulus(4104)},
        "16384 bits, slower": good(RS256) | {-1: modulus(16384)},
        "an even modulus": good(RS256) | {-1: b"\x80" + bytes(255)},
        "exponent 1": good(RS256) | {-2: b"\1"},
        "exponent 3": good(RS256) | {-2: b"\3"},
        "exponent 65535": good(RS256) | {-2: b"\xff\xff"},
        "an even exponent": good(RS256) | {-2: b"\1\0\2"},
        "an exponent of 65 bits": good(RS256) | {-2: b"\1" + bytes(7) + b"\1"},
        "an exponent above the modulus": good(RS256) | {-2: b"\xff" * 257},
        "no modulus": good(RS256) | {-1: b""},
        "a number for a modulus": good(RS256) | {-1: 7},
    }

    assert judged(mira, keys) == dict.fromkeys(keys, REFUSED)


def test_parameters_that_no_passkey_has(mira, good):
    """6.5.1.1 of the specification: `alg`, what the key type requires, and no other."""
    keys = {
        f"{name} ({algorithm})": good(algorithm) | {label: value}
        for algorithm in OFFERED
        for name, label, value in [("key id", 2, b"1"), ("private half", -4, bytes(32))]
    }
    keys |= {
        "key operations": good(ES256) | {4: [2]},
        "a text for a label": good(ES256) | {"alg": -7},
        "no algorithm": {label: one for label, one in good(ES256).items() if label != 3},
        "no key type": {label: one for label, one in good(ES256).items() if label != 1},
        "no y": {label: one for label, one in good(ES256).items() if label != -3},
        "an empty map": {},
        "a list": [1, 2],
        "no CBOR": b"\xff",
    }

    assert judged(mira, keys) == dict.fromkeys(keys, REFUSED)


def test_algorithms_that_were_not_offered(mira, good):
    keys = {
        "PS256": good(RS256) | {3: -37},
        "RS384": good(RS256) | {3: -258},
        "RS1, by SHA-1": good(RS256) | {3: -65535},
        "ES384": {1: 2, 3: -35, -1: 2} | point(ec.SECP384R1()),
        "ES512": {1: 2, 3: -36, -1: 3} | point(ec.SECP521R1()),
        "ESP256, which is ES256 by another name": good(ES256) | {3: -9},
        "ML-DSA-87": {1: 7, 3: -50, -1: bytes(2592)},
        "a text": good(ES256) | {3: "ES256"},
        "a list": good(ES256) | {3: [-7]},
        "zero": good(ES256) | {3: 0},
    }

    assert judged(mira, keys) == dict.fromkeys(keys, REFUSED)
    offered = mira.begin_passkey()["publicKey"]["pubKeyCredParams"]
    assert [one["alg"] for one in offered] == OFFERED
