"""Which algorithms are offered: what can be verified here, the young ones last."""

from cryptography.exceptions import UnsupportedAlgorithm

from unlatch.core import cose_keys
from unlatch.core.cose_keys import algorithms


def test_post_quantum_algorithms_are_offered_last():
    assert algorithms() == [-7, -8, -257, -48, -49]


def test_post_quantum_algorithms_are_not_offered_where_nobody_could_verify_them(monkeypatch):
    """An older OpenSSL: a passkey made with them would never sign in."""

    class Unknown:
        @staticmethod
        def from_public_bytes(_: bytes) -> None:
            raise UnsupportedAlgorithm("ML-DSA is not supported by this version of OpenSSL")

    monkeypatch.setattr(cose_keys, "MLDSA44PublicKey", Unknown)

    assert algorithms() == [-7, -8, -257]
