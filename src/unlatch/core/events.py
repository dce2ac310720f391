"""What happened, in the past tense: one small function for each kind of event.

Facts name rows and methods; never a secret, never an address.
"""

from unlatch.core.proof import Proof
from unlatch.core.records import Event, Passkey


def registered(account_id: str, *, at: int) -> Event:
    return Event(account_id=account_id, kind="registered", at=at)


def signed_in(proof: Proof) -> Event:
    return _proved("signed_in", proof)


def proved_again(proof: Proof) -> Event:
    return _proved("proved_again", proof)


def signed_out(account_id: str, *, at: int) -> Event:
    return Event(account_id=account_id, kind="signed_out", at=at)


def session_ended(account_id: str, *, at: int) -> Event:
    return Event(account_id=account_id, kind="session_ended", at=at)


def address_confirmed(account_id: str, *, at: int) -> Event:
    return Event(account_id=account_id, kind="address_confirmed", at=at)


def address_corrected(account_id: str, *, at: int) -> Event:
    return Event(account_id=account_id, kind="address_corrected", at=at)


def claimed_by_address(account_id: str, *, passkeys: int, sessions: int, at: int) -> Event:
    facts: dict[str, str | int | bool] = {"passkeys": passkeys, "sessions": sessions}
    return Event(account_id=account_id, kind="claimed_by_address", at=at, facts=facts)


def passkey_added(passkey: Passkey, *, at: int) -> Event:
    return _of_passkey("passkey_added", passkey, at)


def passkey_renamed(account_id: str, passkey_id: str, *, at: int) -> Event:
    facts: dict[str, str | int | bool] = {"passkey": passkey_id}
    return Event(account_id=account_id, kind="passkey_renamed", at=at, facts=facts)


def passkey_removed(passkey: Passkey, *, at: int) -> Event:
    return _of_passkey("passkey_removed", passkey, at)


def restored(*, sessions: int, mails: int, at: int) -> Event:
    """A copy of the database was put back, and an operator voided what it brought along."""
    facts: dict[str, str | int | bool] = {"sessions": sessions, "mails": mails}
    return Event(account_id=None, kind="restored", at=at, facts=facts)


def counter_stood_still(passkey: Passkey, *, seen: int, at: int) -> Event:
    """A counter that did not advance: perhaps a copy of the key is about."""
    facts: dict[str, str | int | bool] = {
        "passkey": passkey.id,
        "kept": passkey.sign_count,
        "seen": seen,
    }
    return Event(account_id=passkey.account_id, kind="counter_stood_still", at=at, facts=facts)


def backup_eligibility_changed(passkey: Passkey, *, at: int) -> Event:
    """BE is fixed when a passkey is made: an answer that says otherwise was refused."""
    return _of_passkey("backup_eligibility_changed", passkey, at)


def _proved(kind: str, proof: Proof) -> Event:
    facts: dict[str, str | int | bool] = {"method": proof.method.value}
    if proof.passkey_id:
        facts["passkey"] = proof.passkey_id
    return Event(account_id=proof.account.id, kind=kind, at=proof.at, facts=facts)


def _of_passkey(kind: str, passkey: Passkey, at: int) -> Event:
    facts: dict[str, str | int | bool] = {"passkey": passkey.id}
    return Event(account_id=passkey.account_id, kind=kind, at=at, facts=facts)
