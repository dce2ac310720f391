"""The marks of answered ceremonies in memory."""

from unlatch.errors import CeremonyGone
from unlatch.stores.memory.rows import Writer


class MemoryCeremonyWriter(Writer):
    def spend(self, mark: bytes) -> None:
        if mark in self._rows.marks:
            raise CeremonyGone("answered before")
        self._rows.marks.add(mark)
