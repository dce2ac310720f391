"""Mails that only tell something: asked for by us, not by a visitor, and carrying no secret."""

import uuid

from unlatch.core.party import RelyingParty
from unlatch.core.records import Account, Mail, Purpose
from unlatch.core.times import DAY
from unlatch.core.visitor import Visitor

WORTH_SENDING = DAY
"""A notice that could not be delivered for a day is given up."""


def notice(
    purpose: Purpose,
    account: Account,
    *,
    note: str,
    party: RelyingParty,
    visitor: Visitor,
    now: int,
) -> Mail:
    """A row for the outbox. `note` names the passkey; the sender leaves it out of mail to an
    unconfirmed address, which must carry nothing that a stranger typed.
    """
    return Mail(
        id=str(uuid.uuid4()),
        account_id=account.id,
        purpose=purpose,
        binding_hash=b"",
        session_id=None,
        origin=party.origin,
        next="",
        user_agent=visitor.user_agent,
        note=note,
        asked_at=now,
        expires_at=now + WORTH_SENDING,
        due_at=now,
    )
