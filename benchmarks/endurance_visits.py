"""What somebody who comes does step by step, and the book of how that went."""

import time
from collections import Counter, defaultdict
from http.client import HTTPException
from threading import Lock

import msgspec
from mails_seen import NoMail, texts
from postman import Postman
from scaling_browser import OPTIONS, SIGN_IN, Browser, Reply, answer

from unlatch.flask.sender.reading import code_in
from unlatch.testing.keys import SoftCredential

PATIENCE = 30.0
"""Seconds after which nobody waits for an answer, or for a mail."""

WHOLE = "all of these"
STEPS = ("options", "sign-in", "page", "sign-out", WHOLE, "ask for mail", "mail", "code")

ANSWERED, REFUSED, FAILED = "answered", "refused", "failed"


class Book:
    """What was asked, how long it took from when it was due, and what came of it.

    Attributes:
        waits: In seconds, by what was asked; those of failures too, since to leave out who waited
            in vain would make a hanging server a fast one.
        ends: How many, by what was asked, how it ended, and why.
        lateness: Seconds from when each visit was due until it began: the crowd's own fault, or
            that of a server for which too many wait already.
    """

    def __init__(self) -> None:
        self.waits: dict[str, list[float]] = defaultdict(list)
        self.ends: Counter[tuple[str, str, str]] = Counter()
        self.lateness: list[float] = []
        self._lock = Lock()

    def add(self, what: str, seconds: float, end: str = ANSWERED, why: str = "") -> None:
        with self._lock:
            self.waits[what].append(seconds)
            self.ends[what, end, why] += 1

    def counts(self) -> Counter[str]:
        """How many requests ended how."""
        with self._lock:
            found: Counter[str] = Counter({ANSWERED: 0})
            for (what, end, _), many in self.ends.items():
                found[end] += many if what != WHOLE or end != ANSWERED else 0
            return found


class GoneAway(Exception):
    """What was asked was not answered, so that there is no next step."""


class Visit:
    """Steps of one person, each due when the one before was answered.

    Args:
        due: When the first is, by `time.perf_counter()`.
    """

    def __init__(self, browser: Browser, book: Book, due: float) -> None:
        self._browser = browser
        self._book = book
        self._due = due
        browser.come_anew()
        book.lateness.append(time.perf_counter() - due)

    def by_passkey(self, key: SoftCredential) -> None:
        began = self._due
        options = self._ask("options", "POST", OPTIONS, {})
        signed = answer(key, options.body)
        self._due = time.perf_counter()  # signing was the crowd's own time
        self._ask("sign-in", "POST", SIGN_IN, signed)
        self._ask("page", "GET", "/account", accept="text/html")
        self._ask("sign-out", "POST", "/sign-out", {})
        self._book.add(WHOLE, time.perf_counter() - began)

    def by_code(self, who: str, postman: Postman) -> None:
        before = len(postman.contents)
        self._ask("ask for mail", "POST", "/sign-in/email", {"identifier": who})
        code = self._code(who, postman, before)
        self._ask("code", "POST", "/sign-in/email/code", {"code": code})
        self._ask("sign-out", "POST", "/sign-out", {})

    def _code(self, who: str, postman: Postman, before: int) -> str:
        try:
            mails = texts(who, postman, after=before, until=self._due + PATIENCE, code=True)
        except NoMail as error:
            self._end("mail", FAILED, "did not come")
            raise GoneAway from error
        self._end("mail", ANSWERED, "")
        return str(code_in(mails[0]))

    def _ask(
        self,
        what: str,
        method: str,
        path: str,
        sent: object = None,
        accept: str = "application/json",
    ) -> Reply:
        try:
            reply = self._browser.ask(method, path, sent, accept=accept)
        except (OSError, HTTPException) as error:
            self._end(what, FAILED, type(error).__name__)
            raise GoneAway from error
        if reply.status == 200:
            self._end(what, ANSWERED, "")
            return reply
        self._end(what, FAILED if reply.status >= 500 else REFUSED, _why(reply))
        raise GoneAway

    def _end(self, what: str, end: str, why: str) -> None:
        now = time.perf_counter()
        self._book.add(what, now - self._due, end, why)
        self._due = now


def _why(reply: Reply) -> str:
    """The status, and our own word for it where the answer has one."""
    try:
        word = msgspec.json.decode(reply.body)["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return str(reply.status)
    return f"{reply.status} {word}"
