"""What people come for, and what each of it costs."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from mails_seen import texts
from postman import Postman, mail_server
from processes import free_port
from scaling_browser import Browser
from scaling_crowd import Pace
from scaling_site import HOST, ORIGIN
from sign_in_pace import Contestant
from sign_in_result import Spread
from sign_in_rounds import progress
from sign_in_sites import unlatch
from sign_in_told import WIDTH, figures, heads, parts, spread
from sign_in_visits import Person, UnlatchVisit, Visit

from unlatch.flask.sender.reading import code_in
from unlatch.testing import SoftAuthenticator

PASSKEY, REGISTRATION = "a passkey sign-in", "a registration"
BY_MAIL, STEP_UP = "a sign-in by mail", "a passkey shown again"

_PATIENCE = 30.0


class Registration(UnlatchVisit):
    """An account, and its first passkey; until the mail that confirms the address has come, and
    the one that tells of the passkey.
    """

    def __init__(self, postman: Postman, browser: Browser, person: Person) -> None:
        super().__init__(browser, replace(person, name=f"new{uuid.uuid4().hex[:12]}"))
        self._postman = postman

    def sign_in(self) -> float:
        before, name = len(self._postman.contents), self.person.name
        form = {"name": "Mira Okafor", "username": name, "email": f"{name}@{HOST}"}
        made = self._told("/register", **form)
        begun = self._told("/account/passkeys/options")
        added = self._told("/account/passkeys", **_created(begun.body))
        until = time.perf_counter() + _PATIENCE
        texts(name, self._postman, after=before, until=until, many=2)
        return made.seconds + begun.seconds + added.seconds


def _created(options: bytes) -> dict[str, Any]:
    device = SoftAuthenticator(origin=ORIGIN, counts=False)
    return device.create(msgspec.json.decode(options))


class ByMail(UnlatchVisit):
    """A mail is asked for, and its code typed at once."""

    def __init__(self, postman: Postman, browser: Browser, person: Person) -> None:
        super().__init__(browser, person)
        self._postman = postman

    def sign_in(self) -> float:
        before, began = len(self._postman.contents), time.perf_counter()
        self._told("/sign-in/email", identifier=self.person.name)
        until = began + _PATIENCE
        (text,) = texts(self.person.name, self._postman, after=before, until=until, code=True)
        self._told("/sign-in/email/code", code=code_in(text))
        return time.perf_counter() - began


class StepUp(UnlatchVisit):
    """In a session, the same passkey once more."""

    begins, ends = "/fresh/passkey/options", "/fresh/passkey"

    def arrive(self) -> None:
        before = UnlatchVisit(self._browser, self.person)
        before.sign_in()
        self._known = before._known


@dataclass(frozen=True)
class Ways:
    """Of one store.

    Attributes:
        rounds: What each way took, in each.
        ratios: Of the processor time to that of a sign-in with a passkey in the same round.
    """

    store: str
    how: str
    rounds: list[dict[str, Pace]]
    ratios: dict[str, Spread]


def run(store: str, rounds: int, visits: int, people: int) -> Ways:
    with ExitStack() as ends:
        home = Path(ends.enter_context(TemporaryDirectory()))
        postman = ends.enter_context(mail_server(free_port()))
        site = ends.enter_context(unlatch(store, home, people, postman.port))
        each = ways(site, postman)
        # The first round loads what later ones find, and is not told.
        found = [_one_round(each, visits, number) for number in range(rounds + 1)][1:]
    return Ways(store, site.how, found, ratios(found))


def ways(site: Contestant, postman: Postman) -> dict[str, Contestant]:
    """The site, by what people come for."""
    visits: dict[str, Callable[[Browser, Person], Visit]] = {
        PASSKEY: UnlatchVisit,
        REGISTRATION: partial(Registration, postman),
        BY_MAIL: partial(ByMail, postman),
        STEP_UP: StepUp,
    }
    return {way: replace(site, visit=visit) for way, visit in visits.items()}


def ratios(rounds: list[dict[str, Pace]]) -> dict[str, Spread]:
    return {
        way: Spread.of(one[way].cost / one[PASSKEY].cost for one in rounds) for way in rounds[0]
    }


def _one_round(each: dict[str, Contestant], visits: int, number: int) -> dict[str, Pace]:
    """In turns."""
    progress(f"ways: round {number}")
    return {way: site.measure(visits, 1) for way, site in each.items()}


def lines(of: Ways) -> Iterator[str]:
    yield f"\n{of.store}, {len(of.rounds)} rounds ({of.how}), one client\n"
    yield f"{'':25}{heads()}{'of a sign-in':>{WIDTH}}"
    for way, ratio in of.ratios.items():
        paces = [one[way] for one in of.rounds]
        yield f"{way:25}{figures(paces)}{spread(ratio, 2):>{WIDTH}}"
    for way in of.ratios:
        yield f"{'':11}{parts(way, [one[way] for one in of.rounds])}"
