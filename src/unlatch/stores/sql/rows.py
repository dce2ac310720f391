"""Records into rows and back. Columns are named like fields, so little needs saying."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Table

from unlatch.core.records import Account, Event, Mail, Method, Passkey, Purpose, Session
from unlatch.stores.sql import tables

Values = dict[str, Any]

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


def account(row: Sequence[Any]) -> Account:
    return Account(**_named(_ACCOUNT, row))


def account_values(account: Account) -> Values:
    return _values(_ACCOUNT, account)


def passkey(row: Sequence[Any]) -> Passkey:
    values = _named(_PASSKEY, row)
    values["backup_eligible"] = bool(values["backup_eligible"])
    values["backed_up"] = bool(values["backed_up"])
    values["transports"] = tuple(values["transports"].split())
    values["added_on"] = Method(values["added_on"])
    return Passkey(**values)


def passkey_values(passkey: Passkey) -> Values:
    return _values(_PASSKEY, passkey) | {
        "backup_eligible": int(passkey.backup_eligible),
        "backed_up": int(passkey.backed_up),
        "transports": " ".join(passkey.transports),
        "added_on": passkey.added_on.value,
    }


def session(row: Sequence[Any]) -> Session:
    values = _named(_SESSION, row)
    values["method"] = Method(values["method"])
    values["proof_method"] = Method(values["proof_method"])
    return Session(**values)


def session_values(session: Session) -> Values:
    return _values(_SESSION, session) | {
        "method": session.method.value,
        "proof_method": session.proof_method.value,
    }


def mail(row: Sequence[Any]) -> Mail:
    values = _named(_MAIL, row)
    values["purpose"] = Purpose(values["purpose"])
    values["known_browser"] = bool(values["known_browser"])
    return Mail(**values)


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


def _named(columns: tuple[str, ...], row: Sequence[Any]) -> Values:
    return dict(zip(columns, row, strict=True))


def _values(columns: tuple[str, ...], record: object) -> Values:
    return {name: getattr(record, name) for name in columns}
