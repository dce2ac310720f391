"""The headers of every answer of ours, and of no answer of the host's."""

from flask import Response, request

from unlatch.flask.party import party
from unlatch.flask.state import state

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)"),
)
_HTTPS = ("Strict-Transport-Security", "max-age=31536000")
_VARY = ("Accept", "Cookie", "HX-Request", "HX-Request-Type", "HX-History-Restore-Request")
_VARY_ALONE = ", ".join(_VARY)


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
    return b"token=" in request.query_string or request.endpoint == "unlatch.unknown"
