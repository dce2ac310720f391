"""The headers of every answer of ours, and of no answer of the host's."""

from flask import Response, request

from unlatch.flask.party import party
from unlatch.flask.state import state

_VARY = (
    "Accept",
    "Cookie",
    "HX-Request",
    "HX-Request-Type",
    "HX-History-Restore-Request",
)

_CSP = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'",),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
}
"""What a host's base template may add sources to, by UNLATCH_CSP_SOURCES."""

_CSP_ALWAYS = (
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)


def add_headers(response: Response) -> Response:
    """After every view of ours."""
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = (
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    )
    headers.setdefault("Referrer-Policy", "origin" if _may_have_a_token() else "same-origin")
    headers["Content-Security-Policy"] = _policy()
    if party().https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if not response.cache_control.immutable:  # a static file, which says so itself
        headers["Cache-Control"] = "no-store"
        response.vary.update(_VARY)
    return response


def _may_have_a_token() -> bool:
    """An address with a mailed token in it is not to be told to the next: in the query, or where
    some program has mangled it, in a path that is none of ours. (With no-referrer a form would
    post `Origin: null` even to its own site; so pages get "origin" there.)
    """
    return b"token=" in request.query_string or request.endpoint == "unlatch.unknown"


def _policy() -> str:
    added = state().settings.csp_sources
    directives = [
        " ".join((name, *_CSP.get(name, ()), *added.get(name, ())))
        for name in dict.fromkeys((*_CSP, *added))
    ]
    # First, because of two directives of one name a browser takes the first.
    return "; ".join((*_CSP_ALWAYS, *directives))
