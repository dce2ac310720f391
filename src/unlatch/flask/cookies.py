"""The cookies: their names, their lives, and nothing of what they mean.

One that comes twice does not count: one of the two was planted, by a sub-domain, by another site on
the same machine or by a script that once ran here, and which of them nobody can tell.

All are HttpOnly, SameSite=Lax (a click in a web mailer is a cross-site navigation, which
Strict would leave without its cookies), Path=/ and without Domain; `__Host-` and Secure by
the configured origin and never by how a request seems to have arrived.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from random import SystemRandom
from typing import TypedDict
from urllib.parse import urlsplit

from werkzeug.http import dump_cookie

from unlatch.core.ceremonies import LIFETIME as CEREMONY_LIFETIME
from unlatch.core.ceremonies import NAME_LENGTH
from unlatch.core.times import DAY, MINUTE, SECOND
from unlatch.flask.current import current_request
from unlatch.flask.memory import memory
from unlatch.flask.party import party

BROWSER_LIFETIME = 30 * DAY

_HOST = "__Host-"
"""A browser believes that only with Secure, Path=/ and no Domain (RFC 6265bis, section 4.1.3.2)."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """One kind of cookie.

    Attributes:
        suffix: What its name ends with.
        lifetime: Microseconds.
    """

    suffix: str
    lifetime: int

    @property
    def name(self) -> str:
        """It promises by `__Host-` what the cookie is, where the site has https."""
        return _beginning() + self.suffix

    def read(self) -> str:
        """Its value in this request, or the empty string; also where it comes twice."""
        values = self.read_all()
        return values[0] if len(values) == 1 else ""

    def read_all(self) -> list[str]:
        """Every value that this request carries by its name, of which at most one is ours."""
        return _ours().get(self.suffix, [])

    def write(self, value: str) -> None:
        """Set it with this request's answer.

        Args:
            value: Base64url: what needs no quotes.
        """
        _answer_with(self.name, value, self.lifetime // SECOND)

    def clear(self) -> None:
        """Delete it with this request's answer, if the browser has it."""
        if self.suffix in _ours():
            _answer_with(self.name, "", 0)


def _ours() -> dict[str, list[str]]:
    """What cookies of ours the request carries: by their suffixes, each as often as it came.

    Read as browsers write them (RFC 6265, section 4.2.1), and not by Werkzeug, to which a quoted
    value goes on across semicolons: ours between `a="` and `b="`, which a sub-domain may plant for
    one path and another, would be a part of `a`, and somebody kept out for good.
    """
    known = memory()
    if known.own_cookies is None:
        sent = current_request().environ.get("HTTP_COOKIE", "")
        found: dict[str, list[str]] = {}
        for suffix, value in _those_of(_beginning()).findall(sent):
            found.setdefault(suffix, []).append(value)
        known.own_cookies = found  # whole: a host's thread may look with a copy of the context
    return known.own_cookies


@lru_cache(8)  # few, and not as many as somebody thinks of ports
def _those_of(beginning: str) -> re.Pattern[str]:
    # No blanks but these may stand ahead: to a browser all others are of the name. And only names
    # that ours may have: what is planted by others could not be deleted again in a few bytes.
    return re.compile(rf"(?:^|;)[ \t]*{re.escape(beginning)}(|-[A-Za-z0-9_-]{{1,23}})=([^;]*)")


def _beginning() -> str:
    """What the names of all cookies of ours begin with. In development they carry the port: cookies
    ignore ports, so two sites on one machine would sign each other out.
    """
    known = memory()
    if known.cookies_begin is None:
        port = current_request().environ.get("SERVER_PORT", "80")
        known.cookies_begin = f"{_HOST}unlatch" if party().https else f"unlatch-{port}"
    return known.cookies_begin


def _answer_with(name: str, value: str, seconds: int) -> None:
    """Put by hand into the one form that ours have (RFC 6265, section 4.1): `Response.set_cookie`,
    which is made for any, took a twentieth of a sign-in's instructions more.
    """
    secure = "Secure; " if name.startswith(_HOST) else ""
    memory().cookies.append(
        f"{name}={value}; Max-Age={seconds}; {secure}HttpOnly; Path=/; SameSite=Lax"
    )


@cache
def session(lifetime: int) -> Cookie:
    """The token of the session. Lives as long as a session may, in microseconds."""
    return Cookie("", lifetime)


BINDING = Cookie("-mail", 15 * MINUTE)
OPENED_LINK = Cookie("-link", 10 * MINUTE)
BROWSER = Cookie("-browser", BROWSER_LIFETIME)
REMEMBERED = Cookie("-account", BROWSER_LIFETIME)


def ceremony(name: str) -> Cookie:
    """One for each ceremony, so that one tab's never breaks another's."""
    return Cookie(f"-c-{name}", CEREMONY_LIFETIME)


def ceremonies() -> dict[str, str]:
    """This browser's sealed ceremonies, by the 16 characters that end their names."""
    start = ceremony("").suffix
    return {
        suffix.removeprefix(start): values[0]
        for suffix, values in _ours().items()
        if suffix.startswith(start) and len(suffix) == len(start) + NAME_LENGTH and len(values) == 1
    }


def carries_ours() -> bool:
    """Whether the request carries any cookie of ours, however often."""
    return bool(_ours())


def clear_doubled() -> None:
    """Where a cookie of ours comes twice, delete with this request's answer what has its name
    in places where we never put one. Then ours is left, alone, and counts again; without this,
    whoever once planted a cookie would keep somebody out for good.
    """
    doubled = [suffix for suffix, values in _ours().items() if len(values) > 1]
    if not doubled:
        return
    # By chance, so that nobody can plant so many others ahead of one that its turn never comes.
    planted = list(product(doubled, _where_others_plant()))
    for suffix, place in SystemRandom().sample(planted, min(len(planted), _MOST_CLEARED)):
        name = Cookie(suffix, 0).name
        memory().cookies.append(dump_cookie(name, max_age=0, expires=0, **place))


_MOST_CLEARED = 16
"""Cookies of one answer, whose headers must stay small: nginx takes 4 kB. Whoever has more planted
on him is rid of them a few requests later.
"""
_PATH_MAX = 24


class _Place(TypedDict, total=False):
    """Where a browser keeps a cookie apart from another of its name."""

    path: str
    domain: str
    secure: bool
    partitioned: bool


def _where_others_plant() -> Iterator[_Place]:
    """Every place from which a browser would send a cookie here, but that of ours."""
    if _beginning().startswith(_HOST):
        # `__Host-` leaves one, for a script that once ran here: the jar of cookies that count only
        # below one top-level site (CHIPS). A browser without it has no second one to send.
        yield _Place(secure=True, partitioned=True)
        return
    request = current_request()
    folders = _folders((request.script_root + request.path)[:_PATH_MAX])
    yield from (_Place(path=path) for path in folders)
    for domain in _domains(urlsplit(party().origin).hostname or ""):
        yield from (_Place(path=path, domain=domain) for path in ("/", *folders))


def _folders(path: str) -> list[str]:
    """`/a/b` is sent what was set for `/a`, `/a/` and `/a/b` (RFC 6265, section 5.1.4)."""
    parts = path.strip("/").split("/")
    folders = ["/" + "/".join(parts[: count + 1]) for count in range(len(parts)) if parts[0]]
    return [one for folder in folders for one in (folder, f"{folder}/")]


def _domains(host: str) -> list[str]:
    """A host's own and those above it. A name of one label, and an address, have none: there a
    browser takes the domain for the host, and ours would go with the rest.
    """
    labels = host.split(".")
    if labels[-1].isdigit():
        return []
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
