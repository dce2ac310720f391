"""Records are made of rows by place, so both have to have the same order."""

from dataclasses import fields

import pytest
from sqlalchemy import Table

from unlatch.core.records import Account, Mail, Passkey, Session
from unlatch.stores.sql import rows, tables


@pytest.mark.parametrize(
    ("table", "record"),
    [
        (tables.accounts, Account),
        (tables.passkeys, Passkey),
        (tables.sessions, Session),
        (tables.mails, Mail),
    ],
)
def test_the_columns_of_a_table_are_the_fields_of_its_record(table: Table, record: type):
    assert rows.names(table) == tuple(one.name for one in fields(record))
