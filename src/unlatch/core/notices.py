"""Mails that only tell something: asked for by us, not by a visitor, and carrying no secret."""

import uuid

from unlatch.core.kinds import Purpose
from unlatch.core.party import RelyingParty
from unlatch.core.ports import Unit
from unlatch.core.records import Account, Mail, Passkey
from unlatch.core.times import DAY
from unlatch.core.visitor import Visitor

WORTH_SENDING = DAY
"""A notice that could not be delivered for a day is given up."""


def tell(
    unit: Unit,
    purpose: Purpose,
    account: Account,
    passkey: Passkey,
    party: RelyingParty,
    visitor: Visitor,
    *,
    now: int,
) -> None:
    """Ask for a notice about a passkey. The note names it, but not while the address is
    unconfirmed: it may be a stranger's, who must not read what somebody else typed, nor when
    the address is confirmed before the notice leaves.
    """
    mail = Mail(
        id=str(uuid.uuid4()),
        account_id=account.id,
        purpose=purpose,
        binding_hash=b"",
        session_id=None,
        origin=party.origin,
        next="",
        user_agent=visitor.user_agent,
        note=passkey.name if account.confirmed_at is not None else "",
        asked_at=now,
        expires_at=now + WORTH_SENDING,
        due_at=now,
    )
    unit.mails.ask(mail)
