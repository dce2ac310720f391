"""The floor: one raw verification of a signature, which no server can do without."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256


def raw_verification() -> Callable[[], None]:
    """P-256 with SHA-256, of as many bytes as an answer has, the key at hand."""
    key, signed = generate_private_key(SECP256R1()), bytes(37 + sha256().digest_size)
    algorithm = ECDSA(SHA256())
    return partial(key.public_key().verify, key.sign(signed, algorithm), signed, algorithm)
