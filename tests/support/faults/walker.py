"""People who walk about in a site at random, and write down all that they ask for.

Each has two browsers: one at home, where they registered and read their mail, and another that
signs in by passkey only.
"""

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256

from faults.browser import SITE, Browser, Late, NoAnswer, Reply, Unsent
from faults.ledger import Entry, Ledger, Outcome
from people import Page
from postman import Postman

from unlatch.core.secrets import from_base64url
from unlatch.flask.sender.reading import body, code_in
from unlatch.testing import SoftAuthenticator

LONGEST_WALK = 15
"""Deeds of one person: fewer than make a session end for want of room."""

HONEST = 0.7
"""How much of what was acknowledged nobody sends a second time."""


@dataclass
class Walker:
    """One thread's worth of people, one after the other.

    Args:
        name: What their usernames begin with.
        ports: Of the servers.
        patience: Seconds that an answer may take.
        pause: Seconds between two deeds.
    """

    name: str
    ports: tuple[int, ...]
    ledger: Ledger
    postman: Postman
    chance: random.Random
    patience: float
    pause: float
    trouble: list[BaseException] = field(default_factory=list)

    def walk(self, until: threading.Event) -> None:
        try:
            number = 0
            while not until.is_set():
                number += 1
                self._walk_as(Somebody(f"{self.name}x{number}", self), until)
        except BaseException as error:  # told by who waits for the thread
            self.trouble.append(error)

    def _walk_as(self, somebody: "Somebody", until: threading.Event) -> None:
        try:
            if not somebody.register():
                until.wait(0.1)  # nobody listens, perhaps
                return
            somebody.add_passkey()
            for _ in range(LONGEST_WALK):
                if until.wait(self.pause):
                    return
                self.chance.choice(somebody.deeds())()
        finally:
            somebody.leave()


class Somebody:
    """A person with a key, at two browsers."""

    def __init__(self, username: str, walker: Walker) -> None:
        self.username = username
        self.address = f"{username}@example.com"
        self.home = Browser(walker.ports, walker.patience)
        self.phone = Browser(walker.ports, walker.patience)
        self._keys: list[tuple[str, SoftAuthenticator]] = []
        self._ledger = walker.ledger
        self._postman = walker.postman
        self._chance = walker.chance
        self._patience = walker.patience
        self._renamed = 0

    def deeds(self) -> list[Callable[[], object]]:
        """What comes next, by chance; what is done often stands there twice."""
        return [
            self.sign_in_at_home,
            self.sign_in_at_home,
            self.sign_in_on_the_phone,
            self.sign_in_by_code,
            self.add_passkey,
            self.rename,
            self.remove,
            self.end_the_other_session,
            self.sign_out,
        ]

    def leave(self) -> None:
        self.home.hang_up()
        self.phone.hang_up()

    def register(self) -> bool:
        """Whether the answer says so."""
        fields = {"name": "Mira", "username": self.username, "email": self.address}
        return self._ask(
            self._begin("register", self.home, once=self.username),
            self.home,
            lambda: self.home.send("POST", "/auth/register", form=fields),
        )

    def add_passkey(self) -> None:
        options = self._look(self.home, "POST", "/auth/account/passkeys/options")
        if options is None:
            return
        key = SoftAuthenticator(origin=SITE)
        answer = key.create(options.json)
        self._keys.append((answer["id"], key))
        self._twice(
            "add_passkey",
            self.home,
            lambda browser: browser.send("POST", "/auth/account/passkeys", body=answer),
            once=options.json["publicKey"]["challenge"],
            key=answer["id"],
        )

    def sign_in_at_home(self) -> None:
        self._sign_in(self.home)

    def sign_in_on_the_phone(self) -> None:
        self._sign_in(self.phone)

    def _sign_in(self, browser: Browser) -> None:
        """By any key they ever had, removed ones included."""
        options = self._look(browser, "POST", "/auth/sign-in/passkey/options")
        if options is None or not self._keys:
            return
        name, key = self._chance.choice(self._keys)
        answer = key.get(options.json)
        self._twice(
            "sign_in",
            browser,
            lambda browser: browser.send("POST", "/auth/sign-in/passkey", body=answer),
            once=options.json["publicKey"]["challenge"],
            key=name,
        )

    def sign_in_by_code(self) -> None:
        """Ask for a mail, wait for it a little, and type its code."""
        self.home.cookies.pop("__Host-unlatch-mail", None)  # or it says that a minute is not over
        before = len(self._letters())
        fields = {"identifier": self.username}
        if not self._ask(
            self._begin("ask_mail", self.home),
            self.home,
            lambda: self.home.send("POST", "/auth/sign-in/email", form=fields),
        ):
            return
        code = self._code_after(before)
        if code:
            self._twice(
                "sign_in_by_code",
                self.home,
                lambda browser: browser.send(
                    "POST", "/auth/sign-in/email/code", form={"code": code}
                ),
                once=code,
            )

    def rename(self) -> None:
        passkey = self._some_passkey()
        if passkey is None:
            return
        self._renamed += 1
        name = f"Name {self._renamed}"
        self._ask(
            self._begin("rename", self.home, passkey=passkey, name=name),
            self.home,
            lambda: self.home.send(
                "PATCH", f"/auth/account/passkeys/{passkey}", body={"name": name}
            ),
        )

    def remove(self) -> None:
        passkey = self._some_passkey()
        if passkey is None:
            return
        self._ask(
            self._begin("remove", self.home, once=f"remove {passkey}", passkey=passkey),
            self.home,
            lambda: self.home.send("DELETE", f"/auth/account/passkeys/{passkey}"),
        )

    def end_the_other_session(self) -> None:
        page = self._look(self.home, "GET", "/auth/account", accept="text/html")
        ends = [one for one in Page(page.text).actions() if one.endswith("/end")] if page else []
        if not ends:
            return
        session = ends[0].split("/")[-2]
        self._ask(
            self._begin("end_session", self.home, once=f"end {session}", session_id=session),
            self.home,
            lambda: self.home.send("POST", ends[0], form={}),
        )

    def sign_out(self) -> None:
        browser = self._chance.choice([self.home, self.phone])
        if not browser.cookie("unlatch"):
            return
        self._ask(
            self._begin("sign_out", browser),
            browser,
            lambda: browser.send("POST", "/auth/sign-out", form={}),
        )

    def _twice(
        self,
        deed: str,
        browser: Browser,
        send: Callable[[Browser], Reply],
        *,
        once: str,
        **facts: str,
    ) -> None:
        """Ask; and again if nobody knows what became of it. Where it was done, a thief with a
        copy of the cookies sends the same at times: it must not be done twice.
        """
        cookies = dict(browser.cookies)
        entry = self._begin(deed, browser, once=once, **facts)
        self._ask(entry, browser, lambda: send(browser))
        if entry.is_acknowledged and self._chance.random() < HONEST:
            return
        if entry.is_acknowledged:
            browser = Browser(browser.ports, browser.patience, cookies)
        if entry.outcome.may_be_done:
            self._ask(
                self._begin(deed, browser, once=once, **facts), browser, lambda: send(browser)
            )
        if browser is not self.home and browser is not self.phone:
            browser.hang_up()

    def _begin(self, deed: str, browser: Browser, *, once: str = "", **facts: str) -> Entry:
        place = {id(self.home): "home", id(self.phone): "phone"}.get(id(browser), "thief")
        return self._ledger.begin(
            self.username, deed, once=once, place=place, had=_session(browser), **facts
        )

    def _ask(self, entry: Entry, browser: Browser, send: Callable[[], Reply]) -> bool:
        """Send it and write down what came of it; gives whether it was acknowledged."""
        try:
            reply = send()
        except Unsent:
            self._ledger.end(entry, Outcome.UNSENT)
            time.sleep(0.05)
        except Late:
            self._ledger.end(entry, Outcome.LATE)
        except NoAnswer:
            self._ledger.end(entry, Outcome.CUT)
        else:
            told = _told(reply) if reply.status < 400 else {}
            self._ledger.end(
                entry, _outcome(reply), status=reply.status, session=_session(browser), **told
            )
        return entry.is_acknowledged

    def _look(
        self, browser: Browser, method: str, path: str, *, accept: str = "application/json"
    ) -> Reply | None:
        """What changes nothing; None if it did not work. Errors of ours are written down."""
        entry = self._ledger.begin(self.username, "look", path=path)
        try:
            reply = browser.send(method, path, accept=accept)
        except Unsent:
            self._ledger.end(entry, Outcome.UNSENT)
            time.sleep(0.05)
            return None
        except NoAnswer as error:
            late = isinstance(error, Late)
            self._ledger.end(entry, Outcome.LATE if late else Outcome.CUT)
            return None
        self._ledger.end(entry, _outcome(reply), status=reply.status)
        return reply if reply.status == 200 else None

    def _some_passkey(self) -> str | None:
        listed = self._look(self.home, "GET", "/auth/account/passkeys")
        passkeys = listed.json["passkeys"] if listed else []
        return str(self._chance.choice(passkeys)["id"]) if passkeys else None

    def _letters(self) -> list[str]:
        """Codes to sign in with that were mailed here so far, oldest first."""
        to = re.compile(rb"^To: .*" + re.escape(self.address.encode()), re.MULTILINE)
        mine = [one for one in list(self._postman.contents) if to.search(one)]
        read = (message_from_bytes(one, EmailMessage, policy=policy.default) for one in mine)
        wanted = (one for one in read if str(one["Subject"]).startswith("Sign in"))
        return [code for one in wanted if (code := code_in(body(one, "plain")))]

    def _code_after(self, before: int) -> str | None:
        """The newest, once there is one more."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            codes = self._letters()
            if len(codes) > before:
                return codes[-1]
            time.sleep(0.02)
        return None


def _outcome(reply: Reply) -> Outcome:
    if reply.status < 400:
        return Outcome.ACKNOWLEDGED
    if reply.status == 503:
        return Outcome.UNAVAILABLE
    return Outcome.BROKEN if reply.status >= 500 else Outcome.REFUSED


def _told(reply: Reply) -> dict[str, str]:
    """Which passkey, where the answer is about one."""
    try:
        return {"passkey": str(reply.json["passkey"]["id"])}
    except (ValueError, KeyError, TypeError):
        return {}


def _session(browser: Browser) -> str:
    """The hash of its session's token, as the rows have it; "" without one."""
    token = browser.cookie("unlatch")
    return sha256(from_base64url(token)).hexdigest() if token else ""
