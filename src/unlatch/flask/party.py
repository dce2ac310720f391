"""The site that a request is for, by the settings and never by what the request says."""

from unlatch.core.party import RelyingParty
from unlatch.flask.current import current_request
from unlatch.flask.state import state

_PLAIN_PORT = "80"


def party() -> RelyingParty:
    """The relying party. In development without an origin it is `http://localhost` on the port
    that the request came to; the port is the socket's, not the Host header's.
    """
    ours = state()
    return ours.party or ours.party_at(f"http://localhost{_port()}")


def _port() -> str:
    port = current_request().environ.get("SERVER_PORT", _PLAIN_PORT)
    return "" if port == _PLAIN_PORT else f":{port}"
