"""What the tests of a site with Unlatch share with our own."""

from unlatch.testing.authenticator import (
    AlreadyRegistered,
    AuthenticatorError,
    NoCommonAlgorithm,
    NoCredential,
    SoftAuthenticator,
)
from unlatch.testing.keys import SoftCredential
from unlatch.testing.outbox import Outbox

__all__ = [
    "AlreadyRegistered",
    "AuthenticatorError",
    "NoCommonAlgorithm",
    "NoCredential",
    "Outbox",
    "SoftAuthenticator",
    "SoftCredential",
]
