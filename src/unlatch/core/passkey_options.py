"""What a browser is asked for: the first step of sections 7.1 and 7.2 of W3C WebAuthn Level 3."""

from collections.abc import Sequence

import webauthn
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from unlatch.core.cose_keys import algorithms
from unlatch.core.party import RelyingParty
from unlatch.core.records import Account, Descriptor, Passkey

TIMEOUT_MS = 300_000
"""What section 15.1 recommends; a ceremony lives a minute longer."""


def creation_options(
    account: Account, known: Sequence[Passkey], challenge: bytes, party: RelyingParty
) -> dict[str, object]:
    """`PublicKeyCredentialCreationOptionsJSON` for a new passkey of an account.

    All the account's passkeys are excluded: a second one on the same device would replace
    the first there while it stays in our list.
    """
    options = options_to_json_dict(
        webauthn.generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_id=account.user_handle,
            user_name=account.username,
            user_display_name=account.name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(known),
            supported_pub_key_algs=algorithms(),
        )
    )
    options["extensions"] = {"credProps": True}  # the library has no argument for it
    return options


def request_options(
    allowed: Sequence[Passkey | Descriptor], challenge: bytes, party: RelyingParty
) -> dict[str, object]:
    """`PublicKeyCredentialRequestOptionsJSON`; without `allowed` the browser offers all it has.

    In the order of their ids, which tells nothing: not which is older, nor which is none.
    """
    return options_to_json_dict(
        webauthn.generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            allow_credentials=_descriptors(sorted(allowed, key=lambda one: one.credential_id)),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def _descriptors(passkeys: Sequence[Passkey | Descriptor]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[AuthenticatorTransport(t) for t in sorted(one.transports)] or None,
        )
        for one in passkeys
    ]
