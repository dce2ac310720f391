"""Events in memory."""

from unlatch.core.records import Event
from unlatch.stores.memory.rows import Reader, Writer


class MemoryEventKeeper(Reader):
    def of(self, account_id: str, *, limit: int) -> list[Event]:
        own = [one for one in self._rows.events if one.account_id == account_id]
        oldest_first = sorted(own, key=lambda one: one.at)
        return oldest_first[::-1][:limit]

    def sweep(self, *, before: int, most: int) -> int:
        with self._memory.writing() as rows:
            over = [at for at, one in enumerate(rows.events[: 2 * most]) if one.at < before][:most]
            for at in reversed(over):
                del rows.events[at]
            return len(over)


class MemoryEventWriter(Writer):
    def add(self, event: Event) -> None:
        self._rows.events.append(event)
