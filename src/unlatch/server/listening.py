"""Where the server listens: which addresses, and which port is free on all of them."""

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass

from unlatch.errors import UnlatchError

LOCALHOST = "localhost"
PORTS = range(5000, 5010)
"""Tried one after the other when none is asked for."""

_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_QUEUE = 128


class CannotListen(UnlatchError):
    """A sentence that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen.

    Attributes:
        address: An IP address; the server binds it itself.
        twin: For `localhost` the same port of [::1], bound and listening; None for any other
            host, and where there is no IPv6.
    """

    address: str
    port: int
    twin: socket.socket | None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.address).is_loopback

    @property
    def reachable(self) -> str:
        """An address to connect to: "any" is none."""
        any_to_this = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # not to listen on
        return any_to_this.get(self.address, self.address)


def find_place(host: str, port: int | None) -> Place:
    """A port that is free on every address of the host.

    Args:
        host: An address or a name; `localhost` is both 127.0.0.1 and [::1].
        port: None for the first free one of 5000 to 5009.

    Raises:
        CannotListen: The host is not here, or nothing is free.
    """
    address = _address(host)
    for candidate in PORTS if port is None else (port,):
        try:
            return _take(address, candidate, with_twin=host == LOCALHOST)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CannotListen(_why_not(error, host, candidate)) from error
    if port is None:
        raise CannotListen(
            f"Ports {PORTS[0]} to {PORTS[-1]} are all taken: name a free one with --port."
        )
    raise CannotListen(
        f"Port {port} is taken: name another with --port, or none to have a free one found."
    )


def _address(host: str) -> str:
    if host == LOCALHOST:
        return "127.0.0.1"
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(f"--host is {host!r}, which is no address: {error.strerror}.") from error
    return str(found[0][4][0])


def _take(address: str, port: int, *, with_twin: bool) -> Place:
    twin = _twin(port) if with_twin else None
    try:
        # Two servers may share a port without an error (granian asks for SO_REUSEPORT, and the
        # kernel deals visitors out between them), so a socket that does not share goes first.
        _listen(address, port).close()
    except OSError:
        if twin is not None:
            twin.close()
        raise
    return Place(address, port, twin)


def _twin(port: int) -> socket.socket | None:
    try:
        return _listen("::1", port)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        if os.name == "posix":
            # The port of a server that has just ended counts as free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(_QUEUE)
    except OSError:
        listener.close()
        raise
    return listener


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno in _ABSENT:
        return f"--host is {host!r}, which is no address of this machine."
    if error.errno == errno.EACCES:
        return f"Port {port} is not for every user: name one above 1023 with --port."
    return f"Port {port} of {host} cannot be used: {error.strerror}."
