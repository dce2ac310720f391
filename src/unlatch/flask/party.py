"""The site that a request is for, by the settings and never by what the request says."""

from typing import cast

from flask import g, request

from unlatch.core.party import RelyingParty
from unlatch.flask.state import state

_PLAIN_PORT = "80"


def party() -> RelyingParty:
    """The relying party. In development without an origin it is `http://localhost` on the port
    that the request came to; the port is the socket's, not the Host header's.
    """
    if "unlatch_party" not in g:
        settings = state().settings
        origins = settings.origins or (f"http://localhost{_port()}",)
        g.unlatch_party = RelyingParty(id=settings.rp_id, name=settings.site_name, origins=origins)
    return cast(RelyingParty, g.unlatch_party)


def _port() -> str:
    port = request.environ.get("SERVER_PORT", _PLAIN_PORT)
    return "" if port == _PLAIN_PORT else f":{port}"
