"""People who come to a site at a fixed rate, whatever became of those before them."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Empty, LifoQueue

from endurance_visits import FAILED, PATIENCE, WHOLE, Book, GoneAway, Visit
from postman import Postman
from scaling_browser import Browser
from scaling_site import username

from unlatch.testing.keys import SoftCredential

MAIL_EVERY = 5.0
"""Seconds from one sign-in by mail to the next."""

_AT_ONCE = 64
"""Visits; who is due when so many are under way waits for one to end, and the wait counts."""


class Crowd:
    """Args:
    people: Their keys, as `scaling_site.people` made them.

    Attributes:
        due: How many sign-ins by passkey were, so far.
    """

    def __init__(self, port: int, people: Sequence[SoftCredential], postman: Postman) -> None:
        self.book = Book()
        self.due = 0
        self._port = port
        self._people = people
        self._postman = postman
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._idle: LifoQueue[Browser] = LifoQueue()

    def come(self, rate: float, seconds: float) -> None:
        """Until the time is over and the last have gone. At Ctrl-C those who are here go on, and
        nobody else comes.
        """
        try:
            self._let_in(rate, seconds)
            self._pool.shutdown()
        except KeyboardInterrupt:
            self._pool.shutdown(cancel_futures=True)

    def _let_in(self, rate: float, seconds: float) -> None:
        """An open loop: nobody waits for another's answer."""
        began = time.perf_counter()
        mailed = max(1, round(rate * MAIL_EVERY))
        for number in range(round(rate * seconds)):
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            key, _ = self._somebody(number)
            self._send(due, partial(Visit.by_passkey, key=key))
            if number % mailed == 0:
                # Not the same: who signs in needs no mail any more, and gets none.
                _, name = self._somebody(number + len(self._people) // 2)
                self._send(due, partial(Visit.by_code, who=name, postman=self._postman))
            self.due += 1

    def leave(self) -> None:
        """Hang up, all of them."""
        self._pool.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().hang_up()

    def _somebody(self, number: int) -> tuple[SoftCredential, str]:
        number %= len(self._people)
        return self._people[number], username(number)

    def _send(self, due: float, steps: Callable[[Visit], None]) -> None:
        self._pool.submit(self._visit, due, steps)

    def _visit(self, due: float, steps: Callable[[Visit], None]) -> None:
        try:
            browser = self._idle.get_nowait()
        except Empty:
            browser = Browser(self._port, PATIENCE)
        try:
            steps(Visit(browser, self.book, due))
        except GoneAway:
            pass  # it is in the book
        except Exception as error:
            self.book.add(WHOLE, time.perf_counter() - due, FAILED, repr(error))
        finally:
            self._idle.put(browser)
