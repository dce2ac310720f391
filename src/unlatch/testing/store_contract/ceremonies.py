"""Promises about the marks of answered ceremonies."""

import pytest

from unlatch.core.ports import Stores
from unlatch.errors import CeremonyGone
from unlatch.testing.store_contract.making import NOW, at_once


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

    def test_a_sweep_takes_the_oldest_marks_and_no_more_than_asked(self, stores: Stores) -> None:
        oldest, older, old, young = (
            (NOW + age).to_bytes(8, "big") + b"\xff" * 16 for age in range(4)
        )
        _spend(stores, young, old, older, oldest)

        assert stores.ceremonies.sweep(begun_before=NOW + 3, most=2) == 2
        _spend(stores, oldest, older)
        for kept in (old, young):
            with pytest.raises(CeremonyGone):
                _spend(stores, kept)

        assert stores.ceremonies.sweep(begun_before=NOW + 3, most=5) == 3
        with pytest.raises(CeremonyGone):
            _spend(stores, young)

    def test_what_was_begun_before_a_moment_can_be_void(self, stores: Stores) -> None:
        """Marked or not: a copy that was put back has forgotten the mark."""
        early, late = ((NOW + age).to_bytes(8, "big") + b"\x00" * 16 for age in (-1, 0))
        earlier = (NOW - 2).to_bytes(8, "big") + b"\xff" * 16

        for moment in (NOW - 1, NOW):  # the second takes the place of the first
            with stores.unit() as unit:
                unit.ceremonies.void(begun_before=moment)

        for void in (early, earlier):
            with pytest.raises(CeremonyGone):
                _spend(stores, void)
        _spend(stores, late)
        with pytest.raises(CeremonyGone):
            _spend(stores, late)


def _spend(stores: Stores, *marks: bytes) -> None:
    with stores.unit() as unit:
        for mark in marks:
            unit.ceremonies.spend(mark)
