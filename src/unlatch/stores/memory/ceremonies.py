"""The marks of answered ceremonies in memory."""

from unlatch.core.ceremonies import mark_time
from unlatch.errors import CeremonyGone
from unlatch.stores.memory.rows import Reader, Writer

_VOID_BEFORE = "ceremonies_void_before"


class MemoryCeremonyKeeper(Reader):
    def sweep(self, *, begun_before: int, most: int) -> int:
        with self._memory.writing() as rows:
            old = [mark for mark in rows.marks if mark < mark_time(begun_before)]
            oldest = sorted(old)[:most]
            rows.marks.difference_update(oldest)
            return len(oldest)


class MemoryCeremonyWriter(Writer):
    def spend(self, mark: bytes) -> None:
        if mark in self._rows.marks or mark < self._rows.meta.get(_VOID_BEFORE, b""):
            raise CeremonyGone("answered before, or begun before a restore")
        self._rows.marks.add(mark)

    def void(self, *, begun_before: int) -> None:
        self._rows.meta[_VOID_BEFORE] = mark_time(begun_before)
