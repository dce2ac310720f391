"""What is true of the whole store, in memory."""

from unlatch.stores.memory.rows import Reader


class MemoryMetaReader(Reader):
    def get(self, name: str) -> bytes | None:
        return self._rows.meta.get(name)
