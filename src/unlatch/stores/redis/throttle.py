"""The counters of the limits, shared by all processes; without Redis each process's own.

Nothing that decides is kept here. What Redis loses, by being killed, flushed or failed over,
loosens the limits until they refill; while it is away they are counted in memory, and no visitor
notices.
"""

import hmac
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from weakref import WeakSet

from redis.exceptions import NoScriptError

from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import MINUTE, SECOND
from unlatch.redis_url import RedisUrl
from unlatch.stores.memory.throttle import MemoryThrottle
from unlatch.stores.redis.circuit import Circuit
from unlatch.stores.redis.deadline import Deadline, Patience
from unlatch.stores.redis.scripts import COUNT, NAME, Action
from unlatch.stores.redis.servers import Command, servers_at
from unlatch.threads import on_a_thread

DEADLINE = 0.1
"""Seconds that a request waits for Redis, all in all and at most."""

PAUSE = 5.0
"""Seconds for which it is left alone after it did not answer."""

SOON = MINUTE
"""Microseconds. A counter that regains one within this does without it until the next question."""

_KNOCK = Allowance(Limit("knock", 1_000, SECOND), "")
"""Whether Redis counts shows only by counting: one that is full, or a replica, answers, too."""

Asked = tuple[Action, Allowance]

_all: "WeakSet[RedisThrottle]" = WeakSet()


class RedisThrottle:
    """The `Throttle` of `unlatch.core.ports`, on Redis 6 or Valkey and newer.

    Connects at its first use. After a fork the child connects for itself.

    Args:
        url: See `unlatch.redis_url`.
        key: Names the counters, so that nobody reads in Redis who came, nor sites that share a
            server share any. All processes of a site have the same.
        deadline, pause: Seconds; other ones for tests.

    Raises:
        ValueError: It is no such address.
    """

    def __init__(
        self, url: str, *, key: bytes, deadline: float = DEADLINE, pause: float = PAUSE
    ) -> None:
        self._url = RedisUrl.read(url)
        self._key = key
        self._deadline = deadline
        self._pause = pause
        self._begin()
        _all.add(self)

    @property
    def degraded(self) -> bool:
        """Whether this process counts by itself, because Redis did not answer when it was last
        asked. Looking here asks it, on a thread that nobody waits for: so whoever looks again
        sees what is true, on a site where nobody signs in, too. One thread, however many look:
        `/readyz` is anybody's to ask, and each would take a connection, too.
        """
        if self._may_knock.acquire(blocking=False):
            try:
                on_a_thread(self._knock)
            except RuntimeError:  # no room for a thread; who looks next may find it
                self._may_knock.release()
        return self._circuit.is_open

    def request_begins(self) -> None:
        self._patience.renew()

    def take(self, wanted: Sequence[Allowance], *, now: int) -> int:
        """As the port says. Of several, those that can be had are taken and given back where
        another could not: for that moment somebody else may be refused what is not used up,
        and never get what is.
        """
        own = [one for one in wanted if one.limit.per_process]
        wait = self._memory.take(own, now=now)
        if wait or len(own) == len(wanted):
            return wait
        wait = self._take([one for one in wanted if not one.limit.per_process], now)
        if wait:
            self._memory.give_back(own, now=now)
        return wait

    def give_back(self, taken: Sequence[Allowance], *, now: int) -> None:
        """As the port says. What a counter regains within `SOON` goes with the next question of
        this process: on its own it took 7 % of the processor's time of a sign-in (`make bench`, in
        turns).
        """
        own = [one for one in taken if one.limit.per_process]
        self._memory.give_back(own, now=now)
        shared = [one for one in taken if not one.limit.per_process]
        # Where the circuit is open it was taken in memory; and that a full Redis can still give
        # back does not say that it counts.
        if self._circuit.is_open:
            self._memory.give_back(shared, now=now)
            return
        self._owed.extend((one, now) for one in shared)
        if any(one.limit.interval > SOON for one in shared):
            self._run(self._what_is_owed(now), now)

    def _take(self, wanted: Sequence[Allowance], now: int) -> int:
        owed = self._what_is_owed(now)
        answers = self._run([*owed, *((Action.TAKE, one) for one in wanted)], now)
        if answers is None:
            return self._memory.take(wanted, now=now)
        waits = answers[len(owed) :]
        needless = [one for one, wait in zip(wanted, waits, strict=True) if not wait]
        if needless and len(needless) < len(wanted):
            self._run([(Action.GIVE_BACK, one) for one in needless], now)
        return max(waits)

    def _what_is_owed(self, now: int) -> list[Asked]:
        """From here on nobody else gives it back, and what Redis is away for stays taken. What has
        waited for as long as a counter takes to regain one is there again: to give it back, too,
        would let in more than the limit.
        """
        owed: list[Asked] = []
        with suppress(IndexError):
            while True:
                one, since = self._owed.popleft()
                if now < since + one.limit.interval:
                    owed.append((Action.GIVE_BACK, one))
        return owed

    def _run(self, asked: Sequence[Asked], now: int) -> list[int] | None:
        """What the script gives, for each counter; None where Redis is away."""
        if not self._circuit.lets_through():
            return None
        try:
            with self._patience.question() as deadline:
                answers = self._answers(asked, now, deadline)
        except Exception as error:
            # Whatever it is: no visitor is turned away because a counter is not to be had.
            self._circuit.failed(error)
            return None
        self._circuit.worked()
        return answers

    def _knock(self) -> None:
        try:
            self._run([(Action.TAKE, _KNOCK)], time.time_ns() // 1000)
        finally:
            self._may_knock.release()

    def _answers(self, asked: Sequence[Asked], now: int, deadline: Deadline) -> list[int]:
        """By the script's name; by its text where a server does not know it (any more)."""
        arguments = [self._arguments(*one, now) for one in asked]
        by_name: list[Command] = [("EVALSHA", NAME, *its) for its in arguments]
        answers = self._servers.ask(by_name, deadline)
        unknown = [at for at, one in enumerate(answers) if isinstance(one, NoScriptError)]
        if unknown:
            by_text: list[Command] = [("EVAL", COUNT, *arguments[at]) for at in unknown]
            for at, answer in zip(unknown, self._servers.ask(by_text, deadline), strict=True):
                answers[at] = answer
        return [_whole(one) for one in answers]

    def _arguments(self, action: Action, one: Allowance, now: int) -> Command:
        key = b"unlatch:" + hmac.digest(self._key, one.key, "sha256")[:16].hex().encode()
        return (1, key, now, one.limit.interval, one.limit.per, action)

    def _begin(self) -> None:
        """Also in a forked child: connections, and locks that other threads held, stay behind."""
        self._may_knock = threading.Lock()
        self._memory = MemoryThrottle()
        self._owed: deque[tuple[Allowance, int]] = deque()
        self._patience = Patience(self._deadline)
        self._circuit = Circuit(self._pause)
        self._servers = servers_at(self._url)


def _whole(answer: object) -> int:
    if isinstance(answer, int):
        return answer
    raise answer if isinstance(answer, Exception) else TypeError(f"Redis answers {type(answer)}")


def _begin_all() -> None:
    for throttle in list(_all):
        throttle._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all)
