"""Events in parts by week, as docs/scaling.md makes them by hand: the store does not notice."""

import re
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from unlatch.core.records import Event
from unlatch.stores import open_stores

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs/scaling.md"
MONDAY = int(datetime(2030, 5, 20, tzinfo=UTC).timestamp()) * 1_000_000
WEEK = 7 * 86400 * 1_000_000


@pytest.fixture
def written():
    """The three steps that the page tells: once, each week, when one is over."""
    blocks = re.findall(r"^```sql\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return [block for block in blocks if "unlatch_events" in block]


@pytest.fixture
def database(patient_postgres):
    return patient_postgres.fresh()


@pytest.fixture
def stores(patient_postgres, database):
    stores = open_stores(patient_postgres.url(database))
    yield stores
    stores.close()


@pytest.fixture
def told(patient_postgres, database):
    """`told(block)`: run as psql does, statement by statement."""

    def run(block: str) -> None:
        block = re.sub(r"--.*", "", block)
        with psycopg.connect(patient_postgres.url(database), autocommit=True) as connection:
            for statement in re.split(r";\s*\n", block):
                if statement.strip():
                    connection.execute(statement.encode())

    return run


def happened(stores, *moments):
    with stores.unit() as unit:
        for at in moments:
            unit.events.add(Event(account_id="mira", kind="signed_in", at=at))


def moments(stores):
    return [event.at for event in stores.events.of("mira", limit=10)]


def test_what_happened_is_kept_by_week_and_goes_with_it(
    stores, told, written, patient_postgres, database
):
    once, each_week, when_over = written
    last, first, stray = MONDAY - 1, MONDAY, MONDAY + WEEK
    happened(stores, last)

    told(once)
    told(each_week)
    happened(stores, first, stray)

    assert moments(stores) == [stray, first, last]
    parts = "SELECT tableoid::regclass::text FROM unlatch_events ORDER BY at"
    assert [row[0] for row in patient_postgres.tell(parts, database)] == [
        "unlatch_events_before",
        "unlatch_events_2030_21",
        "unlatch_events_other",
    ]
    assert stores.events.sweep(before=MONDAY, most=500) == 1
    told(when_over)
    assert moments(stores) == [stray]
