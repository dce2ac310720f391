"""Events in memory."""

from unlatch.core.records import Event
from unlatch.stores.memory.rows import Reader, Writer


class MemoryEventReader(Reader):
    def of(self, account_id: str, *, limit: int) -> list[Event]:
        own = [one for one in self._rows.events if one.account_id == account_id]
        oldest_first = sorted(own, key=lambda one: one.at)
        return oldest_first[::-1][:limit]


class MemoryEventWriter(Writer):
    def add(self, event: Event) -> None:
        self._rows.events.append(event)
