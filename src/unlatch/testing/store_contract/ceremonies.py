"""Promises about the marks of answered ceremonies."""

import pytest

from unlatch.core.ports import Stores
from unlatch.errors import CeremonyGone
from unlatch.testing.store_contract.making import at_once


class CeremonyPromises:
    def test_a_ceremony_is_answered_once(self, stores: Stores) -> None:
        _spend(stores, b"mark")

        with pytest.raises(CeremonyGone):
            _spend(stores, b"mark")
        _spend(stores, b"another mark")

    def test_of_many_answers_to_one_ceremony_one_is_accepted(self, stores: Stores) -> None:
        """Eight threads, two hundred ceremonies, two hundred winners."""
        marks = [number.to_bytes(8, "big") + b"mark" for number in range(200)]

        def spend_all(_: int) -> int:
            won = 0
            for mark in marks:
                try:
                    _spend(stores, mark)
                except CeremonyGone:
                    continue
                won += 1
            return won

        results = at_once(8, spend_all)

        assert sum(one for one in results if isinstance(one, int)) == 200

    def test_a_mark_is_free_again_when_the_rest_fails(self, stores: Stores) -> None:
        _spend(stores, b"first mark")

        with pytest.raises(CeremonyGone):
            _spend(stores, b"mark", b"first mark")

        _spend(stores, b"mark")


def _spend(stores: Stores, *marks: bytes) -> None:
    with stores.unit() as unit:
        for mark in marks:
            unit.ceremonies.spend(mark)
