"""Who may try how often, as arithmetic: the generic cell rate algorithm (ITU-T I.371).

One number says all about a counter: the moment at which it will be full again. Taking moves
it on by the time in which one comes back; what would move it further than the whole period
ahead is refused. So a limit lets `most` through at once and then one whenever one has come
back, with no window at whose edge twice as many fit.
"""

from dataclasses import dataclass

from unlatch.core.secrets import digest

_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Limit:
    """Attributes:
    name: Part of every counter's key, so that no two limits share one.
    most: How many at once.
    per: Microseconds in which that many come back, one by one.
    per_process: Each process counts for itself, even where the others' counts are shared: for
        what is asked so often that a look elsewhere would cost more than what is limited.
    """

    name: str
    most: int
    per: int
    per_process: bool = False

    @property
    def interval(self) -> int:
        """Microseconds in which one comes back."""
        return self.per // self.most

    def full_after_taking(self, full_at: int, *, now: int) -> int | None:
        """When the counter is full again after one more was taken; None where none is left."""
        after = max(full_at, now) + self.interval
        return after if after <= now + self.per else None

    def wait(self, full_at: int, *, now: int) -> int:
        """Microseconds until one can be taken."""
        return max(0, full_at + self.interval - now - self.per)


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit for somebody: one counter.

    Attributes:
        who: An address, an account, what was typed; any text.
    """

    limit: Limit
    who: str

    @property
    def key(self) -> bytes:
        """Of one length whatever was typed, and telling nobody what it was."""
        return digest(f"{self.limit.name}\0{self.who}".encode())[:_KEY_BYTES]
