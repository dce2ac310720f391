"""Where a request comes from: the address that limits are counted by.

Only proxies in UNLATCH_TRUSTED_PROXIES are believed, and of what they say only the part that
they themselves saw: the rightmost entry of X-Forwarded-For that is not one of them. All that
stands left of it was written by whoever came to them.
"""

import ipaddress
import logging

from unlatch.core.visitor import Client
from unlatch.flask import browser
from unlatch.flask.current import current_request
from unlatch.flask.state import state

log = logging.getLogger("unlatch")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOUSEHOLD = 64
"""Bits of an IPv6 address that are one customer's: he has all the rest to himself."""

_NEIGHBOURS = 24
"""Bits of an IPv4 address that those in one network have in common."""


def client() -> Client:
    """That of the current request."""
    found = _address()
    remembered = browser.remembered()
    return Client(
        address=_masked(found, ipv4_bits=32),
        network=_masked(found, ipv4_bits=_NEIGHBOURS),
        remembers=remembered.account_id if remembered else None,
        remembers_proved=remembered is not None and remembered.proved,
    )


def _address() -> Address | None:
    """The first that is no proxy of ours, going from us outwards."""
    request = current_request()
    nearest = _parsed(request.remote_addr or "")
    forwarded = request.environ.get("HTTP_X_FORWARDED_FOR", "")
    if not _is_trusted(nearest):
        if forwarded:
            _tell_of_unknown_proxy(nearest)
        return nearest
    # As the server hands it on, several joined by commas: `headers.getlist` goes through all.
    for text in reversed(forwarded.split(",")):
        address = _parsed(text)
        if address is None:
            break  # rubbish: whoever passed it on is as far as can be seen
        nearest = address
        if not _is_trusted(address):
            break
    return nearest


def _is_trusted(peer: Address | None) -> bool:
    """Whether it is a proxy of ours. What comes by a socket file has no address."""
    settings = state().settings
    if peer is None:
        return settings.trusts_socket
    return any(peer in network for network in settings.trusted_proxies)


def _tell_of_unknown_proxy(address: Address | None) -> None:
    """Once: all who come by it are one client, who has soon used up everybody's limits. Not of
    public addresses: those are visitors, who may claim what they like.
    """
    if state().told_of_proxy or state().settings.development:
        return
    if address is not None and not address.is_private:
        return
    state().told_of_proxy = True
    log.warning(
        "X-Forwarded-For of %s is not believed, and all who come by it count as one: if it is your "
        "proxy, UNLATCH_TRUSTED_PROXIES has to name it.",
        address or "a socket file (unix)",
    )


def _parsed(text: str) -> Address | None:
    """An address, with or without a port; one of IPv4 in the clothes of IPv6 is that of IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if address.version == 6 else address


def _masked(address: Address | None, *, ipv4_bits: int) -> str:
    if address is None:  # by a socket file that nobody trusts: all who come by it are one
        return "unknown"
    length, bits = (32, ipv4_bits) if address.version == 4 else (128, _HOUSEHOLD)
    rest = length - bits
    return f"{type(address)(int(address) >> rest << rest)}/{bits}"
