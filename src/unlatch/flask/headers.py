"""The headers of every answer of ours; and of an answer of the host's what we know of it."""

from flask import Response

from unlatch.flask.current import current_request
from unlatch.flask.memory import memory
from unlatch.flask.party import party
from unlatch.flask.state import NAME, state

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)"),
)
_HTTPS = ("Strict-Transport-Security", "max-age=31536000")
_VARY = ("Accept", "Cookie", "HX-Request", "HX-Request-Type", "HX-History-Restore-Request")
_VARY_ALONE = ", ".join(_VARY)


def add_remembered(response: Response) -> Response:
    """After every request of the app, what was remembered for its answer. By the app's own hook:
    one of `after_this_request` belongs to a context, and a host may look who is there in a copy of
    it, in another thread say, whose hooks nobody ever calls.
    """
    known = memory()
    for cookie in known.cookies:
        response.headers.add("Set-Cookie", cookie)
    # It is for them alone; a shared cache must not show it to the next. (Ours say so anyway.)
    if known.looked and current_request().blueprint != NAME:
        # Else parsed and put together again; `in` raises and catches an error where there is none.
        if response.headers.getlist("Vary"):
            response.vary.add("Cookie")
        else:
            response.headers.add("Vary", "Cookie")
    return response


def add_headers(response: Response) -> Response:
    """After every view of ours, once. None of them sets what is added here without a look."""
    headers = response.headers
    headers.add("Content-Security-Policy", state().content_security_policy)
    headers.extend(_ALWAYS)
    headers.setdefault("Referrer-Policy", "origin" if _may_have_a_token() else "same-origin")
    if party().https:
        headers.add(*_HTTPS)
    if "immutable" not in headers.get("Cache-Control", ""):  # a static file, which says so itself
        headers["Cache-Control"] = "no-store"
        if "Vary" in headers:
            response.vary.update(_VARY)
        else:
            headers.add("Vary", _VARY_ALONE)
    return response


def _may_have_a_token() -> bool:
    """An address with a mailed token in it is not to be told to the next: in the query, or where
    some program has mangled it, in a path that is none of ours. (With no-referrer a form would
    post `Origin: null` even to its own site; so pages get "origin" there.)
    """
    request = current_request()
    return b"token=" in request.query_string or request.endpoint == "unlatch.unknown"
