"""People who come at a fixed rate, whatever became of those before them: an open loop."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, LifoQueue

from scaling_browser import Browser

_AT_ONCE = 64
"""Who is due when so many are under way waits for one to end, and the wait counts."""


@dataclass(frozen=True)
class Came:
    """Attributes:
    seconds: From when somebody was due until the last answer.
    status: Of that answer.
    """

    seconds: float
    status: int


def come(port: int, rate: float, seconds: float, what: Callable[[Browser, int], int]) -> list[Came]:
    """Args:
    rate: A second.
    what: Is done by each, on a connection that others used before; with how many came earlier.
        Gives the status of the last answer.
    """
    idle: LifoQueue[Browser] = LifoQueue()

    def visit(number: int, due: float) -> Came:
        try:
            browser = idle.get_nowait()
        except Empty:
            browser = Browser(port)
        browser.come_anew()
        status = what(browser, number)
        idle.put(browser)
        return Came(time.perf_counter() - due, status)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        began, visits = time.perf_counter(), []
        for number in range(round(rate * seconds)):
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            visits.append(pool.submit(visit, number, due))
        came = [one.result() for one in visits]
    while not idle.empty():
        idle.get().hang_up()
    return came
