"""How somebody signs in with a passkey, at Unlatch, at Flask-Security and at what is written by
hand: two requests, and a protected page that tells whether it is done.
"""

from abc import ABC, abstractmethod
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

import msgspec
from scaling_browser import OPTIONS, SIGN_IN, Browser, Known, Reply, answer

from unlatch.testing.keys import SoftCredential

_OPTIONS = "/wan-signin"
_BY_HAND_OPTIONS, _BY_HAND_SIGN_IN = "/sign-in/options", "/sign-in"


@dataclass(frozen=True)
class Person:
    """Attributes:
    name: That the protected page says.
    """

    name: str
    key: SoftCredential


class NotLetIn(Exception):
    """An honest sign-in was refused, with what the site said."""


@dataclass(frozen=True)
class Begun:
    """Attributes:
    options: What the device is to answer, as JSON.
    path: Where the answer goes.
    seconds: That the site took.
    """

    options: bytes
    path: str
    seconds: float


class Visit(ABC):
    """One person, once, with a browser that others use before and after.

    Args:
        browser: Whose connection stays open.
    """

    def __init__(self, browser: Browser, person: Person) -> None:
        self.person = person
        self._browser = browser
        self._known = Known()

    @abstractmethod
    def arrive(self) -> None:
        """Do what comes before, and is not measured."""

    @abstractmethod
    def begin(self) -> Begun:
        """The first request."""

    @abstractmethod
    def finish(self, begun: Begun, answered: dict[str, Any]) -> Reply:
        """The second."""

    @abstractmethod
    def who(self) -> str | None:
        """As whom the protected page knows this browser; None if it is not let in."""

    def sign_in(self) -> float:
        """Gives the seconds that the site took for it, in two requests.

        Raises:
            NotLetIn: What was said to that.
        """
        begun = self.begin()
        reply = self.finish(begun, answer(self.person.key, begun.options))
        if reply.status != 200:
            raise NotLetIn(f"{begun.path} gave {reply.status}: {reply.body!r}")
        return begun.seconds + reply.seconds

    def twin(self) -> Self:
        """Another browser with all that this one has."""
        made = type(self)(self._browser, self.person)
        made._known = deepcopy(self._known)
        return made

    def _ask(self, method: str, path: str, body: object = None) -> Reply:
        self._browser.known = self._known
        return self._browser.ask(method, path, body)


class UnlatchVisit(Visit):
    begins, ends = OPTIONS, SIGN_IN

    def arrive(self) -> None:
        """There is nothing to be had before."""

    def begin(self) -> Begun:
        reply = self._told(self.begins)
        return Begun(reply.body, self.ends, reply.seconds)

    def finish(self, begun: Begun, answered: dict[str, Any]) -> Reply:
        return self._ask("POST", begun.path, answered)

    def who(self) -> str | None:
        reply = self._ask("GET", "/account")
        if reply.status != 200:
            return None
        return str(msgspec.json.decode(reply.body)["account"]["username"])

    def _told(self, path: str, **sent: object) -> Reply:
        reply = self._ask("POST", path, sent)
        if reply.status not in (200, 201):
            raise NotLetIn(f"{path} gave {reply.status}: {reply.body!r}")
        return reply


class FlaskSecurityVisit(Visit):
    """By its JSON, as its documentation has it for pages of one's own: its HTML takes longer."""

    def __init__(self, browser: Browser, person: Person) -> None:
        super().__init__(browser, person)
        self._csrf = ""

    def arrive(self) -> None:
        """Fetch the token against CSRF, that is in the page of its sign-in."""
        self._csrf = self._told(self._ask("GET", _OPTIONS))["csrf_token"]

    def begin(self) -> Begun:
        reply = self._ask("POST", _OPTIONS, {"csrf_token": self._csrf})
        told = self._told(reply)
        options = msgspec.json.encode(told["credential_options"])
        return Begun(options, f"{_OPTIONS}/{told['wan_state']}", reply.seconds)

    def finish(self, begun: Begun, answered: dict[str, Any]) -> Reply:
        credential = msgspec.json.encode(answered).decode()
        return self._ask("POST", begun.path, {"csrf_token": self._csrf, "credential": credential})

    def who(self) -> str | None:
        reply = self._ask("GET", "/account")
        return str(msgspec.json.decode(reply.body)["name"]) if reply.status == 200 else None

    def twin(self) -> Self:
        made = super().twin()
        made._csrf = self._csrf
        return made

    def _told(self, reply: Reply) -> Any:
        if reply.status != 200:
            raise NotLetIn(f"{_OPTIONS} gave {reply.status}: {reply.body!r}")
        return msgspec.json.decode(reply.body)["response"]


class ByHandVisit(Visit):
    """At a server with three addresses and no more, in `by_hand/` or `beside_node/`."""

    def arrive(self) -> None:
        """There is nothing to be had before."""

    def begin(self) -> Begun:
        reply = self._ask("POST", _BY_HAND_OPTIONS, {})
        if reply.status != 200:
            raise NotLetIn(f"{_BY_HAND_OPTIONS} gave {reply.status}: {reply.body!r}")
        return Begun(reply.body, _BY_HAND_SIGN_IN, reply.seconds)

    def finish(self, begun: Begun, answered: dict[str, Any]) -> Reply:
        return self._ask("POST", begun.path, answered)

    def who(self) -> str | None:
        reply = self._ask("GET", "/account")
        return str(msgspec.json.decode(reply.body)["name"]) if reply.status == 200 else None
