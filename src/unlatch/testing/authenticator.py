"""A software authenticator that really signs, with the browser around it.

    key = SoftAuthenticator(origin="https://example.org")
    client.post("/passkeys", json=key.create(creation_options))
    client.post("/sign-in/passkey", json=key.get(request_options))

It does what a person with a willing device does, so a test walks in by the front
door. What a dishonest device or page would do is asked for call by call, as a
`Bend`: `key.get(options, origin="https://evil.example")`. A bent answer is still
signed, so only the check it aims at can refuse it.

Section numbers are those of W3C WebAuthn Level 3.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from hashlib import sha256
from typing import Any, Self, Unpack
from urllib.parse import urlsplit

from unlatch.testing.answers import (
    JSON,
    AssertionBend,
    Bend,
    RegistrationBend,
    attestation_object,
    attested_credential_data,
    authenticator_data,
    check,
    client_data,
    raw,
    text,
    to_json,
)
from unlatch.testing.keys import (
    EDDSA,
    ES256,
    RS256,
    SoftCredential,
    make_key,
    sign,
    subject_public_key_info,
)


class AuthenticatorError(Exception):
    """The browser would have rejected its promise; `name` is the DOMException's."""

    name: str


class AlreadyRegistered(AuthenticatorError):
    """A credential of `excludeCredentials` is here already."""

    name = "InvalidStateError"


class NoCommonAlgorithm(AuthenticatorError):
    """Nothing in `pubKeyCredParams` can be made here."""

    name = "NotSupportedError"


class NoCredential(AuthenticatorError):
    """Nothing here fits the options."""

    name = "NotAllowedError"


class SoftAuthenticator:
    """A browser on one page with one authenticator, holding `credentials`, oldest first.

    Its settings are attributes and may be changed between calls. Two things it
    leaves to the relying party, so that tests reach those checks: it answers with
    UV unset although the options require user verification, and it takes an RP ID
    that does not belong to its origin.
    """

    def __init__(
        self,
        *,
        origin: str = "http://localhost",
        algorithms: Iterable[int] = (ES256, EDDSA, RS256),
        user_verified: bool = True,
        user_present: bool = True,
        backup_eligible: bool = True,
        backed_up: bool = True,
        counts: bool | int = False,
        aaguid: bytes = bytes(16),
        transports: Iterable[str] = ("internal",),
    ) -> None:
        """Make an empty authenticator: as it stands, a phone with synced passkeys.

        Args:
            origin: Of the page that asks.
            algorithms: The COSE algorithms it can make: -7, -8 and -257, and when asked for
                by this setting the post-quantum -48 and -49.
            user_verified: Whether it checks a PIN, a finger or a face (UV).
            user_present: Whether it is touched (UP).
            backup_eligible: Whether new credentials may leave the device (BE).
            backed_up: Whether they have (BS); never without `backup_eligible` (6.1.3).
            counts: The step of the signature counter (6.1.1); synced passkeys have none.
            aaguid: Its model (6.5.1); all zeros when it does not say.
            transports: How it is reached (5.8.4); with "internal" it is the platform's.
        """
        self.origin = origin
        self.algorithms = tuple(algorithms)
        self.user_verified = user_verified
        self.user_present = user_present
        self.backup_eligible = backup_eligible
        self.backed_up = backed_up and backup_eligible
        self.counts = counts
        self.aaguid = aaguid
        self.transports = tuple(transports)
        self.credentials: list[SoftCredential] = []

    def create(self, options: Mapping[str, Any], **bend: Unpack[RegistrationBend]) -> JSON:
        """Make a credential, as `navigator.credentials.create()` does (5.1.3, 6.3.2).

        It is resident unless the options discourage that, takes the place of a
        resident one of the same account, and has attestation `none`.

        Args:
            options: PublicKeyCredentialCreationOptionsJSON, or an object that wraps
                them as `publicKey`.
            **bend: What the answer says instead of the truth; see `RegistrationBend`.

        Returns:
            RegistrationResponseJSON, with the members that Chromium gives it.

        Raises:
            AlreadyRegistered: A credential to be excluded is here.
            NoCommonAlgorithm: No algorithm that is asked for can be made.
        """
        check(bend, RegistrationBend.__optional_keys__)
        options = options.get("publicKey", options)
        made = self._make(options)
        said: RegistrationBend = {**self._truth("webauthn.create", options, made), **bend}
        data = authenticator_data(
            said, made.sign_count, attested_credential_data(said, made, self.aaguid)
        )
        response = {
            "clientDataJSON": text(client_data(said)),
            "attestationObject": text(attestation_object(said, data)),
            "authenticatorData": text(data),
            "transports": list(self.transports),
            "publicKey": text(subject_public_key_info(made.private_key)),
            "publicKeyAlgorithm": made.algorithm,
        }
        asked = options.get("extensions", {}).get("credProps")
        return to_json(
            said.get("credential_id", made.id),
            response,
            said,
            authenticatorAttachment=self._attachment,
            clientExtensionResults={"credProps": {"rk": made.resident}} if asked else {},
        )

    def get(self, options: Mapping[str, Any], **bend: Unpack[AssertionBend]) -> JSON:
        """Answer a challenge, as `navigator.credentials.get()` does (5.1.4, 6.3.3).

        The newest credential that fits answers: of those in `allowCredentials`, or
        of the resident ones when none are named. Only a resident one knows whose it
        is, and sends a `userHandle`.

        Args:
            options: PublicKeyCredentialRequestOptionsJSON, or an object that wraps
                them as `publicKey`.
            **bend: What the answer says instead of the truth; see `AssertionBend`.

        Returns:
            AuthenticationResponseJSON, with the members that Chromium gives it.

        Raises:
            NoCredential: Nothing here fits.
        """
        check(bend, AssertionBend.__optional_keys__)
        options = options.get("publicKey", options)
        used = bend.get("credential") or self._newest(options)
        used.sign_count += int(self.counts)
        said: AssertionBend = {**self._truth("webauthn.get", options, used), **bend}
        data, collected = authenticator_data(said, used.sign_count), client_data(said)
        response = {
            "clientDataJSON": text(collected),
            "authenticatorData": text(data),
            "signature": text(sign(used.private_key, data + sha256(collected).digest())),
        }
        user_handle = said.get("user_handle", used.user_handle if used.resident else None)
        if user_handle is not None:
            response["userHandle"] = text(user_handle)
        return to_json(
            used.id,
            response,
            said,
            authenticatorAttachment=self._attachment,
            clientExtensionResults={},
        )

    def clone(self) -> Self:
        """Copy the authenticator, keys and counters and all, as a thief of it would."""
        twin = copy(self)
        twin.credentials = [replace(credential) for credential in self.credentials]
        return twin

    def _make(self, options: Mapping[str, Any]) -> SoftCredential:
        """Make a credential and keep it (authenticatorMakeCredential, 6.3.2)."""
        rp_id = self._rp_id(options["rp"].get("id"))
        if self._among(options.get("excludeCredentials", ()), rp_id):
            raise AlreadyRegistered
        wish = options.get("authenticatorSelection", {}).get("residentKey")
        made = SoftCredential(
            rp_id=rp_id,
            user_handle=raw(options["user"]["id"]),
            private_key=make_key(self._pick_algorithm(options["pubKeyCredParams"])),
            resident=wish != "discouraged",
            backup_eligible=self.backup_eligible,
            backed_up=self.backed_up,
            sign_count=int(self.counts),
        )
        if made.resident:
            self._drop_resident(rp_id, made.user_handle)
        self.credentials.append(made)
        return made

    def _pick_algorithm(self, params: Iterable[Mapping[str, Any]]) -> int:
        """Take the first it knows, in the relying party's order."""
        wanted = [int(p["alg"]) for p in params if p["type"] == "public-key"] or [ES256, RS256]
        for algorithm in wanted:
            if algorithm in self.algorithms:
                return algorithm
        raise NoCommonAlgorithm

    def _drop_resident(self, rp_id: str, user_handle: bytes) -> None:
        self.credentials[:] = [
            kept
            for kept in self.credentials
            if not (kept.resident and (kept.rp_id, kept.user_handle) == (rp_id, user_handle))
        ]

    def _newest(self, options: Mapping[str, Any]) -> SoftCredential:
        """Choose who answers (authenticatorGetAssertion, 6.3.3)."""
        rp_id = self._rp_id(options.get("rpId"))
        if allowed := options.get("allowCredentials"):
            fitting = self._among(allowed, rp_id)
        else:
            fitting = [kept for kept in self.credentials if kept.rp_id == rp_id and kept.resident]
        if not fitting:
            raise NoCredential
        return fitting[-1]

    def _among(self, descriptors: Iterable[Mapping[str, Any]], rp_id: str) -> list[SoftCredential]:
        ids = {raw(d["id"]) for d in descriptors if d["type"] == "public-key"}
        return [kept for kept in self.credentials if kept.rp_id == rp_id and kept.id in ids]

    def _rp_id(self, asked: str | None) -> str:
        """Default to the origin's effective domain (5.1.3, 5.1.4.1)."""
        return asked or urlsplit(self.origin).hostname or ""

    def _truth(
        self, client_data_type: str, options: Mapping[str, Any], credential: SoftCredential
    ) -> Bend:
        """Tell what an answer says that nobody bends."""
        return {
            "client_data_type": client_data_type,
            "challenge": raw(options["challenge"]),
            "origin": self.origin,
            "cross_origin": False,
            "rp_id": credential.rp_id,
            "user_present": self.user_present,
            "user_verified": self.user_verified,
            "backup_eligible": credential.backup_eligible,
            "backed_up": credential.backed_up,
        }

    @property
    def _attachment(self) -> str:
        return "platform" if "internal" in self.transports else "cross-platform"
