"""The cookies: their names, their lives, and nothing of what they mean.

All are HttpOnly, SameSite=Lax (a click in a web mailer is a cross-site navigation, which
Strict would leave without its cookies), Path=/ and without Domain; `__Host-` and Secure by
the configured origin and never by how a request seems to have arrived.
"""

from dataclasses import dataclass

from flask import Response, after_this_request, request

from unlatch.core.ceremonies import LIFETIME as CEREMONY_LIFETIME
from unlatch.core.ceremonies import NAME_LENGTH
from unlatch.core.times import DAY, MINUTE, SECOND
from unlatch.flask.party import party

BROWSER_LIFETIME = 30 * DAY


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
        """In development the name carries the port: cookies ignore ports, so two sites on one
        machine would sign each other out.
        """
        if party().https:
            return f"__Host-unlatch{self.suffix}"
        return f"unlatch-{request.environ.get('SERVER_PORT', '80')}{self.suffix}"

    def read(self) -> str:
        """Its value in this request, or the empty string."""
        return request.cookies.get(self.name, "")

    def write(self, value: str) -> None:
        """Set it with this request's answer."""
        name, https = self.name, party().https
        seconds = self.lifetime // SECOND

        @after_this_request
        def set_cookie(response: Response) -> Response:
            response.set_cookie(
                name, value, max_age=seconds, secure=https, httponly=True, samesite="Lax", path="/"
            )
            return response

    def clear(self) -> None:
        """Delete it with this request's answer, if the browser has it."""
        name, https = self.name, party().https
        if name not in request.cookies:
            return

        @after_this_request
        def delete_cookie(response: Response) -> Response:
            response.delete_cookie(name, secure=https, httponly=True, samesite="Lax", path="/")
            return response


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
    start = ceremony("").name
    return {
        name.removeprefix(start): value
        for name, value in request.cookies.items()
        if name.startswith(start) and len(name) == len(start) + NAME_LENGTH
    }


def carries_ours() -> bool:
    """Whether the request carries any cookie of ours."""
    start = Cookie("", 0).name
    return any(name == start or name.startswith(f"{start}-") for name in request.cookies)
