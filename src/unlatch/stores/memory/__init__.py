"""Everything in dictionaries: the contract in its shortest form, and a store for tests.

Gone with the process, and not shared by two.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from unlatch.core.records import Event, PasskeyUse, Session
from unlatch.stores.admitting import admit
from unlatch.stores.memory.accounts import MemoryAccountKeeper, MemoryAccountWriter
from unlatch.stores.memory.ceremonies import MemoryCeremonyKeeper, MemoryCeremonyWriter
from unlatch.stores.memory.events import MemoryEventKeeper, MemoryEventWriter
from unlatch.stores.memory.mails import MemoryMailKeeper, MemoryMailWriter
from unlatch.stores.memory.meta import MemoryMetaReader
from unlatch.stores.memory.passkeys import MemoryPasskeyReader, MemoryPasskeyWriter
from unlatch.stores.memory.rows import Memory, Rows
from unlatch.stores.memory.sessions import MemorySessionKeeper, MemorySessionWriter


class MemoryStores:
    """Each of these writes on its own; `unit` gives one transaction."""

    def __init__(self) -> None:
        self._memory = Memory()
        self.ceremonies = MemoryCeremonyKeeper(self._memory)
        self.accounts = MemoryAccountKeeper(self._memory)
        self.passkeys = MemoryPasskeyReader(self._memory)
        self.sessions = MemorySessionKeeper(self._memory)
        self.mails = MemoryMailKeeper(self._memory)
        self.events = MemoryEventKeeper(self._memory)
        self.meta = MemoryMetaReader(self._memory)

    @contextmanager
    def unit(self) -> Iterator["MemoryUnit"]:
        with self._memory.writing() as rows:
            yield MemoryUnit(rows)

    def close(self) -> None:
        """Nothing is open."""


class MemoryUnit:
    """One transaction."""

    def __init__(self, rows: Rows) -> None:
        self.ceremonies = MemoryCeremonyWriter(rows)
        self.accounts = MemoryAccountWriter(rows)
        self.passkeys = MemoryPasskeyWriter(rows)
        self.sessions = MemorySessionWriter(rows)
        self.mails = MemoryMailWriter(rows)
        self.events = MemoryEventWriter(rows)

    def admit(self, use: PasskeyUse, session: Session, event: Event) -> int:
        return admit(self, use, session, event)
