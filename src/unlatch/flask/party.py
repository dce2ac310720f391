"""The site that a request is for, by the settings and never by what the request says."""

from unlatch.core.party import RelyingParty
from unlatch.flask.current import current_request
from unlatch.flask.memory import memory
from unlatch.flask.state import state

_PLAIN_PORT = "80"


def party() -> RelyingParty:
    """The relying party. In development without an origin it is `http://localhost` on the port
    that the request came to; the port is the socket's, not the Host header's.
    """
    known = memory()
    if known.party is None:
        settings = state().settings
        origins = settings.origins or (f"http://localhost{_port()}",)
        known.party = RelyingParty(id=settings.rp_id, name=settings.site_name, origins=origins)
    return known.party


def _port() -> str:
    port = current_request().environ.get("SERVER_PORT", _PLAIN_PORT)
    return "" if port == _PLAIN_PORT else f":{port}"
