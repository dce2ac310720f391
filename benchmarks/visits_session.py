"""What it costs a page of somebody's own app to know who asks."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from processes import environment
from scaling_browser import Browser
from scaling_crowd import Pace, Visitor, pace
from scaling_site import Site, people, serving
from sign_in_beside import Size, granian
from sign_in_result import Spread
from sign_in_told import WIDTH, figures, heads, parts, spread
from visits_host import GREETING, KNOWING, PLAIN

from unlatch.testing.keys import SoftCredential

PAGES = (KNOWING, PLAIN)


@dataclass(frozen=True)
class Host(Site):
    """The app of `visits_host`, as its owner would run it."""

    @property
    def command(self) -> list[str]:
        return granian(sys.executable, "visits_host:create_app", Size(1, 1))

    @property
    def settings(self) -> dict[str, str]:
        here = str(Path(__file__).parent)
        return super().settings | {"PYTHONPATH": f"{environment()['PYTHONPATH']}:{here}"}


class Guest(Visitor):
    """One who is signed in, and looks at the app's own pages."""

    def __init__(self, port: int, who: list[SoftCredential]) -> None:
        super().__init__(port, who)
        self.sign_in()
        self._pages = Browser(port, prefix="")
        self._pages.known = self._browser.known

    def look(self, page: str) -> float:
        """Gives the seconds that it took."""
        reply = self._pages.ask("GET", page, accept="text/html")
        if (reply.status, reply.body.decode()) != (200, GREETING):
            raise SystemExit(f"{page} gave {reply.status}: {reply.body!r}")
        return reply.seconds

    def leave(self) -> None:
        super().leave()
        self._pages.hang_up()


@dataclass(frozen=True)
class Session:
    """Attributes:
    rounds: What a request for each page took, in each.
    ratio: Of the processor time of the page that knows to that of the plain one.
    """

    rounds: list[dict[str, Pace]]
    ratio: Spread


def run(rounds: int, seconds: float) -> Session:
    """Args:
    seconds: That each page is asked for in each round.
    """
    with TemporaryDirectory() as folder:
        site = Host(Path(folder), f"sqlite:///{folder}/unlatch.sqlite")
        who = people(site.database_url, 1)
        with serving(site) as served:
            guest = Guest(served.port, who)

            def turn(seconds: float) -> dict[str, Pace]:
                return {
                    page: pace([guest], partial(Guest.look, page=page), served.processor, seconds)
                    for page in PAGES
                }

            turn(seconds / 5)  # loads what later ones find
            found = [turn(seconds) for _ in range(rounds)]
            guest.leave()
    return Session(found, ratio(found))


def ratio(rounds: list[dict[str, Pace]]) -> Spread:
    return Spread.of(one[KNOWING].cost / one[PLAIN].cost for one in rounds)


def lines(of: Session) -> Iterator[str]:
    yield f"\nA page of one's own app on SQLite, {len(of.rounds)} rounds, one client\n"
    yield f"{'':25}{heads()}"
    for page in PAGES:
        yield f"{page:25}{figures([one[page] for one in of.rounds])}"
    yield f"{'ratio':25}{spread(of.ratio, 3):>{WIDTH}}"
    for page in PAGES:
        yield f"{'':11}{parts(page, [one[page] for one in of.rounds])}"
