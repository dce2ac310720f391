"""The cookies: their names, their lives, and nothing of what they mean.

One that comes twice does not count: one of the two was planted, by a sub-domain or by another
site on the same machine, and which of them nobody can tell.

All are HttpOnly, SameSite=Lax (a click in a web mailer is a cross-site navigation, which
Strict would leave without its cookies), Path=/ and without Domain; `__Host-` and Secure by
the configured origin and never by how a request seems to have arrived.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from random import SystemRandom
from urllib.parse import urlsplit

from flask import Response, after_this_request

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
        values = current_request().cookies.getlist(self.name)
        return values[0] if len(values) == 1 else ""

    def write(self, value: str) -> None:
        """Set it with this request's answer.

        Args:
            value: Base64url: what needs no quotes.
        """
        _answer_with(self.name, value, self.lifetime // SECOND)

    def clear(self) -> None:
        """Delete it with this request's answer, if the browser has it."""
        name = self.name
        if name in current_request().cookies:
            _answer_with(name, "", 0)


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


def forget_mails() -> None:
    """No mail that was asked for here opens anything here any more, nor does an opened link."""
    BINDING.clear()
    OPENED_LINK.clear()


def ceremony(name: str) -> Cookie:
    """One for each ceremony, so that one tab's never breaks another's."""
    return Cookie(f"-c-{name}", CEREMONY_LIFETIME)


def ceremonies() -> dict[str, str]:
    """This browser's sealed ceremonies, by the 16 characters that end their names."""
    start = ceremony("").name
    return {
        name.removeprefix(start): values[0]
        for name, values in current_request().cookies.lists()
        if name.startswith(start) and len(name) == len(start) + NAME_LENGTH and len(values) == 1
    }


def carries_ours() -> bool:
    """Whether the request carries any cookie of ours, however often."""
    return any(map(_is_ours, current_request().cookies))


def clear_doubled() -> None:
    """Where a cookie of ours comes twice, delete with this request's answer what has its name
    in places where we never put one. Then ours is left, alone, and counts again; without this,
    whoever once planted a cookie would keep somebody out for good.
    """
    if _beginning().startswith(_HOST):  # no browser takes those for such a place, nor sends two
        return
    doubled = [
        name
        for name, values in current_request().cookies.lists()
        if len(values) > 1 and _is_ours(name) and len(name) <= _NAME_MAX
    ]
    if not doubled:
        return
    # By chance, so that nobody can plant so many others ahead of one that its turn never comes.
    places = list(product(doubled, _where_others_plant()))
    planted = SystemRandom().sample(places, min(len(places), _MOST_CLEARED))

    @after_this_request
    def delete_planted(response: Response) -> Response:
        for name, (path, domain) in planted:
            response.delete_cookie(name, path=path, domain=domain)
        return response


_MOST_CLEARED = 20
"""Cookies of one answer, whose headers must stay small: nginx takes 4 kB. Whoever has more planted
on him is rid of them a few requests later.
"""
_PATH_MAX = 24
_NAME_MAX = 40
"""Characters; no name of ours has more."""


def _is_ours(name: str) -> bool:
    beginning = _beginning()
    return name == beginning or name.startswith(f"{beginning}-")


def _where_others_plant() -> Iterator[tuple[str, str | None]]:
    """Every path and domain with which a browser would send a cookie here, but `/` of this very
    host, which is the place of ours.
    """
    request = current_request()
    folders = _folders((request.script_root + request.path)[:_PATH_MAX])
    yield from ((path, None) for path in folders)
    for domain in _domains(urlsplit(party().origin).hostname or ""):
        yield from ((path, domain) for path in ("/", *folders))


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
