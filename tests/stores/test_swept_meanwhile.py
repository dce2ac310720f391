"""Somebody comes back to the account that he had given up, nearly, while it is swept away: he finds
all of it, or is told that it is gone. Nobody is let in to an account whose rows go a moment later.

He comes before each step of the sweep, as many as there are.
"""

import pytest
from slipping import begun_between, slipped_in

from unlatch.errors import UnlatchError
from unlatch.stores import open_stores
from unlatch.testing.store_contract.making import IDLE, NOW, a_session, an_account, kept

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request, tmp_path):
    if request.param == "sqlite":
        stores = open_stores(f"sqlite:///{tmp_path / 'unlatch.sqlite3'}", upgrade_itself=True)
    else:
        server = request.getfixturevalue("patient_postgres")
        stores = open_stores(server.url(server.fresh()))
    yield stores
    stores.close()


def test_who_comes_back_is_not_swept_away(stores):
    many_write = stores.database.writes_inside_statements
    slipped = begun_between if many_write else slipped_in
    outcomes = set()
    for before in range(1000):
        ada = an_account(f"ada{before}", created_at=1)
        kept(stores, ada)
        turned_away: list[UnlatchError] = []

        def come_back(ada=ada, turned_away=turned_away):
            try:
                with stores.unit() as unit:
                    unit.sessions.add(a_session(ada))
            except UnlatchError as error:
                turned_away.append(error)

        with slipped(stores.database, before, come_back) as slip:
            stores.accounts.sweep(stale_before=NOW - 1, most=9)
        if len(slip.steps) <= before:
            break

        is_there = stores.accounts.find(ada.id) is not None
        is_in = len(stores.sessions.of(ada.id, now=NOW, idle=IDLE)) == 1
        assert (is_there, is_in) == (not turned_away, not turned_away), (before, slip.steps)
        outcomes.add(is_in)

    assert outcomes == {True, False}
