"""Who may come in: the checks before every view of ours, and the decorators for a host's."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast, overload

from flask import Request, Response, redirect
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge, SecurityError
from werkzeug.local import LocalProxy

from unlatch.core.kinds import Method
from unlatch.core.times import SECOND
from unlatch.core.visitor import Visitor
from unlatch.errors import (
    CrossSite,
    Malformed,
    NotConfirmed,
    NotSignedIn,
    Refused,
    StoreError,
    WrongHost,
)
from unlatch.flask import answers, browser, cookies, forms, headers
from unlatch.flask.client import client
from unlatch.flask.current import current_app, current_request
from unlatch.flask.memory import memory
from unlatch.flask.party import party
from unlatch.flask.state import gate, state

if TYPE_CHECKING:
    from unlatch.core.records import Account, LiveSession
    from unlatch.core.sessions import SignedIn

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[P, R]

BODY_MAX = 64 * 1024
"""Bytes of a request's body. The largest honest one, an attestation, has a few thousand."""

_MOST_SENT = 4
"""Tokens looked at in one request; a browser has fewer places than that to keep one in by https."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_LOOPBACK = ("127.0.0.1", "[::1]")


def check_request() -> ResponseReturnValue | None:
    """Before every view of ours, and of nobody else's.

    Raises:
        WrongHost: Asked under a name that is not in the settings.
        Malformed: The query is no text.
        CrossSite: A change of state that a page of another site asked for.
        RequestEntityTooLarge: Nobody honest sends that much.
    """
    request = current_request()
    request.max_content_length = BODY_MAX
    if (request.content_length or 0) > BODY_MAX:  # also where nobody would read it
        raise RequestEntityTooLarge
    moved = _check_host(request)
    if moved is not None:
        return moved
    _check_query(request)
    if request.method not in _SAFE_METHODS:
        _check_same_origin(request)
    return None


def _check_host(request: Request) -> Response | None:
    try:
        host = request.host
    except SecurityError as error:
        raise WrongHost("malformed Host") from error
    if host in {origin.partition("://")[2] for origin in party().origins}:
        return None
    # WebAuthn refuses addresses, so a developer who opens one is led to the name.
    by_address = state().settings.development and _without_port(host) in _LOOPBACK
    if by_address and request.method == "GET":
        return cast(Response, redirect(f"{party().origin}{forms.asked_path()}", 307))
    raise WrongHost(f"Host {host[:100]!r}")


def _check_query(request: Request) -> None:
    """Browsers write a query in ASCII; `request.args` raises on bytes that are no text at all."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:
        raise Malformed("the query is no text") from error


def _without_port(host: str) -> str:
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _check_same_origin(request: Request) -> None:
    """The browser says where a request comes from, in headers that a page cannot set. Compared
    with the configured origins, not with Host. Sec-Fetch-Site is not sent over plain HTTP but
    to localhost, so Origin decides first.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin in party().origins:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site in ("same-origin", "none"):
        return
    if origin is None and site is None and not cookies.carries_ours():
        return  # No browser at all, like a host's test client: nobody's rights are used.
    raise CrossSite(f"Origin {str(origin)[:100]!r}, Sec-Fetch-Site {str(site)[:20]!r}")


def session_cookie() -> cookies.Cookie:
    """The cookie that holds a session's token."""
    return cookies.session(state().settings.session_max * SECOND)


def live_session() -> "LiveSession | None":
    """The session of this request, or None: one select, once a request. An unknown token is
    left alone; it never changes the cookie.
    """
    known = memory()
    known.looked = True
    if not known.asked_for_session:
        cookies.clear_doubled()
        token = session_cookie().read()
        known.live = gate().sessions.resume(token) if token else None
        known.asked_for_session = True
    return known.live


def sent_sessions() -> "list[LiveSession]":
    """That of this request. Where a second cookie was planted beside ours, so that none counts, all
    that they open: who signs out must not leave his own alive in the dark.
    """
    live = live_session()
    if live is not None:
        return [live]
    tokens = session_cookie().read_all()[:_MOST_SENT]
    return [sent for token in tokens if (sent := gate().sessions.resume(token))]


def require_session() -> "LiveSession":
    """The session of this request.

    Raises:
        NotSignedIn: There is none.
    """
    live = live_session()
    if live is None:
        raise NotSignedIn
    return live


def reread_session() -> "LiveSession":
    """The session of this request as it is after a change to its account.

    Raises:
        NotSignedIn: It ended meanwhile.
    """
    memory().asked_for_session = False
    return require_session()


def visitor(browser_hash: bytes | None = None) -> Visitor:
    """What this request says of its browser.

    Args:
        browser_hash: Of the id that the browser is given just now, where it had none.
    """
    return Visitor(
        client=client(),
        user_agent=current_request().headers.get("User-Agent", "")[:512],
        browser_hash=browser.known_hash() if browser_hash is None else browser_hash,
        live=live_session(),
    )


def let_in(signed_in: "SignedIn") -> "LiveSession":
    """Give the browser its session, and remember who it was for the next time."""
    session_cookie().write(signed_in.token)
    account, method = signed_in.proof.account, signed_in.proof.method
    proved = account.confirmed_at is not None or method is Method.EMAIL
    browser.remember(account, method, proved=proved)
    browser.make_known()
    forget_mails()  # what was asked for here and not finished was perhaps somebody else's
    live = signed_in.live
    known = memory()
    known.live, known.asked_for_session, known.let_in = live, True, True
    return live


def forget_mails() -> None:
    """No mail that was asked for here opens anything here any more, nor does an opened link."""
    cookies.BINDING.clear()
    cookies.OPENED_LINK.clear()


def step_up(signed_in: "SignedIn") -> None:
    """Give the browser its session's new token; who it is remembered for stays."""
    session_cookie().write(signed_in.token)


def _account() -> "Account | None":
    live = live_session()
    return live.account if live else None


current_account: "Account" = cast("Account", LocalProxy(_account))
"""The account that is signed in; falsy when nobody is. Loaded at first use, one select a
request."""


@overload
def sign_in_required(view: View[P, R]) -> View[P, ResponseReturnValue]: ...
@overload
def sign_in_required(
    *, confirmed: bool = False
) -> Callable[[View[P, R]], View[P, ResponseReturnValue]]: ...
def sign_in_required(
    view: View[P, R] | None = None, *, confirmed: bool = False
) -> View[P, ResponseReturnValue] | Callable[[View[P, R]], View[P, ResponseReturnValue]]:
    """Only for those who are signed in; others are sent to sign in and come back.

    A page redirects (303), htmx is told to (`HX-Redirect`), JSON gets 401.

    Args:
        confirmed: Also want the e-mail address proved; else 403, or a redirect to where it
            is proved.
    """

    def check() -> None:
        live = require_session()
        if confirmed and live.account.confirmed_at is None:
            raise NotConfirmed

    return _guarded(check) if view is None else _guarded(check)(view)


@overload
def fresh_sign_in_required(view: View[P, R]) -> View[P, ResponseReturnValue]: ...
@overload
def fresh_sign_in_required(
    *, max_age: int = 300
) -> Callable[[View[P, R]], View[P, ResponseReturnValue]]: ...
def fresh_sign_in_required(
    view: View[P, R] | None = None, *, max_age: int = 300
) -> View[P, ResponseReturnValue] | Callable[[View[P, R]], View[P, ResponseReturnValue]]:
    """Only for those who proved lately who they are; others are asked again and come back.

    Args:
        max_age: Seconds since the newest proof of this account in this session.
    """
    from unlatch.core.freshness import require_fresh

    def check() -> None:
        require_fresh(require_session().session, now=gate().clock(), max_age=max_age * SECOND)

    return _guarded(check) if view is None else _guarded(check)(view)


def _guarded(
    check: Callable[[], None],
) -> Callable[[View[P, R]], View[P, ResponseReturnValue]]:
    """A decorator that answers a refusal itself: a host's view has no error handler of ours."""

    def decorate(view: View[P, R]) -> View[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            try:
                check()
            except Refused as refused:
                return headers.add_headers(answers.refusal(refused))
            except StoreError as error:
                return headers.add_headers(answers.store_is_away(error))
            # Flask itself no longer sees whether the view is `async def`.
            return cast(ResponseReturnValue, current_app().ensure_sync(view)(*args, **kwargs))

        return guarded

    return decorate
