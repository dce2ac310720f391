"""Events in memory, and the marks of answered ceremonies."""

from unlatch.core.records import Event
from unlatch.errors import CeremonyGone
from unlatch.stores.memory.rows import Reader, Writer


class MemoryEventReader(Reader):
    def of(self, account_id: str, *, limit: int) -> list[Event]:
        own = [one for one in self._rows.events if one.account_id == account_id]
        oldest_first = sorted(own, key=lambda one: one.at)
        return oldest_first[::-1][:limit]


class MemoryEventWriter(Writer):
    def add(self, event: Event) -> None:
        self._rows.events.append(event)


class MemoryCeremonyWriter(Writer):
    def spend(self, mark: bytes) -> None:
        if mark in self._rows.marks:
            raise CeremonyGone("answered before")
        self._rows.marks.add(mark)
