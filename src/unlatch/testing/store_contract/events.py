"""Promises about events."""

from unlatch.core.ports import Stores
from unlatch.core.records import Event
from unlatch.testing.store_contract.making import NOW, an_account, kept


class EventPromises:
    def test_an_accounts_newest_events_come_newest_first(self, stores: Stores) -> None:
        facts: dict[str, str | int | bool] = {"passkey": "Blåtand", "seen": 7, "kept": True}
        happened = [
            Event(account_id="ada", kind="registered", at=NOW),
            Event(account_id="ada", kind="signed_in", at=NOW + 1, facts=facts),
            Event(account_id="ada", kind="signed_out", at=NOW + 2),
        ]
        with stores.unit() as unit:
            for event in (happened[1], happened[0], happened[2]):
                unit.events.add(event)
            unit.events.add(Event(account_id="bob", kind="registered", at=NOW + 3))
            unit.events.add(Event(account_id=None, kind="swept", at=NOW + 4))

        assert stores.events.of("ada", limit=10) == happened[::-1]
        assert stores.events.of("ada", limit=2) == happened[:0:-1]
        assert stores.events.of("nobody", limit=2) == []

    def test_events_of_one_moment_come_last_written_first(self, stores: Stores) -> None:
        with stores.unit() as unit:
            for kind in ("first", "second"):
                unit.events.add(Event(account_id="ada", kind=kind, at=NOW))

        assert [one.kind for one in stores.events.of("ada", limit=10)] == ["second", "first"]

    def test_a_sweep_takes_the_first_written_and_no_more_than_asked(self, stores: Stores) -> None:
        with stores.unit() as unit:
            for number in range(6):
                unit.events.add(Event(account_id="ada", kind=f"{number}", at=NOW + number))

        def left() -> list[int]:
            return [one.at - NOW for one in stores.events.of("ada", limit=10)]

        assert stores.events.sweep(before=NOW + 4, most=3) == 3
        assert left() == [5, 4, 3]
        assert stores.events.sweep(before=NOW + 4, most=3) == 1
        assert stores.events.sweep(before=NOW + 4, most=3) == 0
        assert left() == [5, 4]

    def test_one_from_the_future_keeps_none_that_came_after_it(self, stores: Stores) -> None:
        """Of a machine whose clock was wrong."""
        with stores.unit() as unit:
            for at in (NOW + 1_000, *range(NOW, NOW + 7)):
                unit.events.add(Event(account_id="ada", kind="signed_in", at=at))

        swept = [stores.events.sweep(before=NOW + 7, most=3) for _ in range(3)]

        assert swept == [3, 3, 1]
        assert [one.at for one in stores.events.of("ada", limit=10)] == [NOW + 1_000]

    def test_there_may_be_nothing_to_sweep(self, stores: Stores) -> None:
        assert stores.events.sweep(before=NOW, most=3) == 0

    def test_events_outlive_their_account(self, stores: Stores) -> None:
        stale = an_account("Ada", created_at=1)
        kept(stores, stale)
        with stores.unit() as unit:
            unit.events.add(Event(account_id=stale.id, kind="registered", at=1))
            unit.accounts.add(an_account("Ada", id="newcomer"), stale_before=NOW)

        assert [one.kind for one in stores.events.of(stale.id, limit=1)] == ["registered"]
