"""What a driver is given of a statement."""

import pytest
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from unlatch.stores.sql.statements import Statements
from unlatch.stores.sql.tables import meta


@pytest.fixture
def by_place():
    return Statements(sqlite.dialect())


@pytest.fixture
def by_name():
    return Statements(postgresql.psycopg.dialect())


def test_values_stand_in_their_places(by_place):
    statement = update(meta).where(meta.c.name == bindparam("which"))

    said, values = by_place.said(statement, {"which": "age", "value": b"1"})

    assert said == "UPDATE unlatch_meta SET value=? WHERE unlatch_meta.name = ?"
    assert values == [b"1", "age"]


def test_the_columns_of_an_update_are_those_that_get_a_value(by_place):
    statement = update(meta).where(meta.c.name == bindparam("which"))

    first, _ = by_place.said(statement, {"which": "age", "value": b"1"})
    other, values = by_place.said(statement, {"which": "age", "name": "years"})

    assert first != other == "UPDATE unlatch_meta SET name=? WHERE unlatch_meta.name = ?"
    assert values == ["years", "age"]


def test_what_a_statement_says_itself_comes_with_it(by_place, by_name):
    statement = select(meta.c.name).where(meta.c.name == "age", meta.c.value > bindparam("least"))

    assert by_place.said(statement, {"least": b"1"})[1] == ["age", b"1"]
    assert by_name.said(statement, {"least": b"1"})[1] == {"name_1": "age", "least": b"1"}


def test_a_list_grows_with_its_values(by_place, by_name):
    statement = select(meta.c.value).where(meta.c.name.in_(bindparam("names", expanding=True)))

    for names in (["a"], ["a", "b"], []):
        said, values = by_place.said(statement, {"names": names})
        assert said.count("?") == len(values) == len(names)
        said, values = by_name.said(statement, {"names": names})
        assert [value for name, value in values.items() if name in said] == names


def test_nothing_is_kept_of_values(by_place):
    statement = select(meta.c.value).where(meta.c.name == bindparam("which"))

    assert by_place.said(statement, {"which": "mine"})[1] == ["mine"]
    assert by_place.said(statement, {"which": "yours"})[1] == ["yours"]
    assert by_place.said(text("BEGIN"), {})[1] == []


def test_a_value_that_is_missing_is_an_error(by_place):
    statement = select(meta.c.value).where(meta.c.name == bindparam("which"))

    with pytest.raises(KeyError):
        by_place.said(statement, {})
