"""Records into rows and back. Columns are named like fields, and stand in their order, so little
needs saying.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Table

from unlatch.core.kinds import Method, Purpose
from unlatch.core.records import Account, Event, Mail, Passkey, Session
from unlatch.stores.sql import tables

R = TypeVar("R")

Values = dict[str, Any]
Reader = Callable[[Sequence[Any]], R]

_FACTS = msgspec.json.Decoder(dict[str, str | int | bool])


def names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.c)


_ACCOUNT = names(tables.accounts)
_PASSKEY = names(tables.passkeys)
_SESSION = names(tables.sessions)
_MAIL = names(tables.mails)

PASSKEY_WIDTH = len(_PASSKEY)
SESSION_WIDTH = len(_SESSION)

NOBODYS_PASSKEY = tuple(
    {"transports": "internal hybrid", "added_on": Method.PASSKEY.value}.get(name, 0)
    for name in _PASSKEY
)
"""A row that no table has, and that a record can be made of."""


def _reader(
    record: type[R], columns: tuple[str, ...], **made_by: Callable[[Any], Any]
) -> Reader[R]:
    """What makes records of rows: by place, which took a third of the time that names did, and a
    tenth of what a session adds to a request.

    Args:
        made_by: What makes a field of its column, where that is not the field itself.
    """
    made = [(columns.index(name), make) for name, make in made_by.items()]

    def read(row: Sequence[Any]) -> R:
        values = list(row)
        for place, make in made:
            values[place] = make(values[place])
        return record(*values)

    return read


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


account = _reader(Account, _ACCOUNT)
passkey = _reader(
    Passkey,
    _PASSKEY,
    backup_eligible=bool,
    backed_up=bool,
    transports=_words,
    added_on=Method,
)
session = _reader(Session, _SESSION, method=Method, proof_method=Method)
mail = _reader(Mail, _MAIL, purpose=Purpose, known_browser=bool)


def account_values(account: Account) -> Values:
    return _values(_ACCOUNT, account)


def passkey_values(passkey: Passkey) -> Values:
    return _values(_PASSKEY, passkey) | {
        "backup_eligible": int(passkey.backup_eligible),
        "backed_up": int(passkey.backed_up),
        "transports": " ".join(passkey.transports),
        "added_on": passkey.added_on.value,
    }


def session_values(session: Session) -> Values:
    return _values(_SESSION, session) | {
        "method": session.method.value,
        "proof_method": session.proof_method.value,
    }


def mail_values(mail: Mail) -> Values:
    return _values(_MAIL, mail) | {
        "purpose": mail.purpose.value,
        "known_browser": int(mail.known_browser),
    }


def event(row: Sequence[Any]) -> Event:
    _, account_id, kind, at, facts = row
    return Event(account_id=account_id, kind=kind, at=at, facts=_FACTS.decode(facts))


def event_values(event: Event) -> Values:
    return {
        "account_id": event.account_id,
        "kind": event.kind,
        "at": event.at,
        "facts": msgspec.json.encode(event.facts).decode(),
    }


def _values(columns: tuple[str, ...], record: object) -> Values:
    return {name: getattr(record, name) for name in columns}
