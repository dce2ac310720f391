"""What lies in a database of any revision, for tests of upgrades."""

from typing import Any

from sqlalchemy import Column, Engine, LargeBinary, MetaData, Table, Text, func, insert, select

from unlatch.stores.sql.schema import VERSION_TABLE

Counts = dict[str, int]

_WRITTEN_BY_UPGRADES = "unlatch_meta"


def fill_every_table(engine: Engine) -> Counts:
    """Two rows in each, whatever its columns are; gives how many there are then."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")  # where nothing begins by itself
        for table in _tables(engine):
            connection.execute(insert(table), [_row(table, number) for number in range(2)])
        connection.commit()
    return counts(engine)


def counts(engine: Engine) -> Counts:
    """How many rows each has."""
    with engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in _tables(engine)
        }


def all_are_there(before: Counts, after: Counts) -> None:
    """No row is lost, and none is new but of what upgrades write."""
    assert min(before.values()) == 2
    for name, rows in before.items():
        if name == _WRITTEN_BY_UPGRADES:
            assert after[name] >= rows
        else:
            assert after[name] == rows, name


def _tables(engine: Engine) -> list[Table]:
    found = MetaData()
    found.reflect(engine, only=lambda name, _: name.startswith("unlatch_"))
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def _row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.c}


def _value(column: Column[Any], number: int) -> bytes | str | int:
    if isinstance(column.type, LargeBinary):
        return f"{number}".encode()
    return f"{number}" if isinstance(column.type, Text) else number
