"""What the processes of a site hold, and how large its tables are, once a minute. (Linux.)"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from psycopg import OperationalError
from scaling_processes import started_by
from scaling_rows import Size, sizes

MAIN, WORKER = "main", "worker"


@dataclass(frozen=True)
class Use:
    """Of one process or of several together.

    Attributes:
        memory: MB, what several share counted once (PSS).
        descriptors: That are open.
    """

    memory: float
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Use":
        home = Path(f"/proc/{pid}")
        descriptors, threads = (len(list((home / of).iterdir())) for of in ("fd", "task"))
        return cls(megabytes(pid, "Pss"), descriptors, threads)

    @classmethod
    def together(cls, uses: Iterable["Use"]) -> "Use":
        found = list(uses)
        return cls(
            sum(one.memory for one in found),
            sum(one.descriptors for one in found),
            sum(one.threads for one in found),
        )


def megabytes(pid: int, kind: str) -> float:
    """Of the process's memory, as the kernel calls it in smaps_rollup (proc_pid_smaps(5))."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    found = next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
    return found * 1024 / 1e6


@dataclass(frozen=True)
class Sample:
    """Attributes:
    at: Seconds since the first.
    processes: By what they are called; a worker that was replaced is not there any more.
    """

    at: float
    processes: dict[str, Use]
    tables: list[Size]

    @property
    def workers(self) -> Use:
        """All of them together."""
        return Use.together(use for name, use in self.processes.items() if name.startswith(WORKER))


class Sampler:
    """Args:
    main: The id of the process that starts the workers.
    others: The ids of servers that it leans on, by what they are called; each is told together
        with what it started.
    """

    def __init__(self, main: int, others: Mapping[str, int], database_url: str) -> None:
        self.samples: list[Sample] = []
        self._main = main
        self._others = others
        self._database_url = database_url
        self._numbers: dict[int, str] = {}
        self._began = time.monotonic()

    def take(self) -> None:
        """One, now."""
        workers = {self._number(pid): [pid] for pid in started_by(self._main)}
        groups = {MAIN: [self._main]} | workers
        groups |= {name: [pid, *started_by(pid)] for name, pid in self._others.items()}
        at = time.monotonic() - self._began
        used = {name: Use.together(_living(pids)) for name, pids in groups.items()}
        self.samples.append(Sample(at, used, self._tables()))

    @contextmanager
    def taking(self, every: float, then: Callable[[], None]) -> Iterator[None]:
        """One every so many seconds meanwhile, and then what is given."""
        over = Event()
        thread = Thread(target=self._again, args=[every, then, over])
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _again(self, every: float, then: Callable[[], None], over: Event) -> None:
        number = 1
        while not over.wait(max(0.0, self._began + number * every - time.monotonic())):
            self.take()
            then()
            number += 1

    def _tables(self) -> list[Size]:
        try:
            return list(sizes(self._database_url))
        except OperationalError:
            return []  # it is away, which those who come say louder

    def _number(self, pid: int) -> str:
        """In the order in which they were seen, so that a new one has a name of its own."""
        return self._numbers.setdefault(pid, f"{WORKER} {len(self._numbers) + 1}")


def _living(pids: Iterable[int]) -> Iterable[Use]:
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError, StopIteration):
            yield Use.of(pid)  # else it has just ended
