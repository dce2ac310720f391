"""The marks of answered ceremonies in memory."""

from unlatch.errors import CeremonyGone
from unlatch.stores.memory.rows import Reader, Writer


class MemoryCeremonyKeeper(Reader):
    def sweep(self, *, begun_before: int, most: int) -> int:
        with self._memory.writing() as rows:
            old = [mark for mark in rows.marks if mark < begun_before.to_bytes(8, "big")]
            oldest = sorted(old)[:most]
            rows.marks.difference_update(oldest)
            return len(oldest)


class MemoryCeremonyWriter(Writer):
    def spend(self, mark: bytes) -> None:
        if mark in self._rows.marks:
            raise CeremonyGone("answered before")
        self._rows.marks.add(mark)
