"""Records as programs and pages see them: only what may be shown."""

from unlatch.core import providers
from unlatch.core.browsers import browser_name, sentence_case
from unlatch.core.freshness import FRESH
from unlatch.core.records import Account, LiveSession, Passkey, Session
from unlatch.core.secrets import to_base64url
from unlatch.core.times import SECOND


def account(account: Account) -> dict[str, object]:
    """`email` is the confirmed address or null."""
    return {
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "email": account.email,
        "unconfirmed_email": account.unconfirmed_email,
    }


def passkey(passkey: Passkey) -> dict[str, object]:
    """For programs. Moments are seconds since 1970 UTC."""
    return {
        "id": passkey.id,
        "name": passkey.name,
        "provider": providers.provider_name(passkey.aaguid),
        "synced": passkey.backed_up,
        "added_at": passkey.added_at // SECOND,
        "last_used_at": passkey.last_used_at and passkey.last_used_at // SECOND,
    }


def session(live: LiveSession) -> dict[str, object]:
    """For programs. Moments are seconds since 1970 UTC."""
    current = live.session
    return {
        "account": account(live.account),
        "method": current.method.value,
        "signed_in_at": current.began_at // SECOND,
        "fresh_until": (current.proved_at + FRESH) // SECOND,
        "expires_at": current.expires_at // SECOND,
    }


def passkey_row(passkey: Passkey, current: Session) -> dict[str, object]:
    """For the account page. Moments are microseconds."""
    return {
        "id": passkey.id,
        "name": passkey.name,
        "provider": providers.provider_name(passkey.aaguid),
        "synced": passkey.backed_up,
        "added_at": passkey.added_at,
        "last_used_at": passkey.last_used_at,
        "current": passkey.id in (current.passkey_id, current.proof_passkey_id),
    }


def session_row(session: Session, current: Session) -> dict[str, object]:
    """For the account page. Moments are microseconds."""
    return {
        "id": session.id,
        "browser": sentence_case(browser_name(session.user_agent)),
        "method": session.method.value,
        "began_at": session.began_at,
        "current": session.id == current.id,
    }


def accepted_credentials(
    account: Account, passkeys: list[Passkey], rp_id: str
) -> dict[str, object]:
    """What `PublicKeyCredential.signalAllAcceptedCredentials` takes, so that a device forgets
    the passkeys that were removed here (W3C WebAuthn Level 3, section 5.1.10).
    """
    return {
        "rp_id": rp_id,
        "user_id": to_base64url(account.user_handle),
        "credential_ids": [to_base64url(one.credential_id) for one in passkeys],
    }
