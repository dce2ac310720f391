"""A browser on a connection that stays open, as a proxy's does, and a key that signs for it."""

import random
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import msgspec
from scaling_site import HOST, ORIGIN

from unlatch.testing import SoftAuthenticator
from unlatch.testing.keys import SoftCredential

OPTIONS, SIGN_IN = "/sign-in/passkey/options", "/sign-in/passkey"

_KEPT = 5.0
"""Seconds without a request after which a connection is not used again: the server may be closing
it at that very moment, and that is nobody's fault.
"""


@dataclass(frozen=True)
class Reply:
    """Attributes:
    seconds: From the request to all of the answer.
    """

    status: int
    body: bytes
    seconds: float


def _anywhere() -> str:
    return ".".join(str(random.randrange(1, 255)) for _ in range(4))  # noqa: S311 - no secret


@dataclass
class Known:
    """What a site knows one of its visitors by: no cookies yet; and an address that is another
    each time, as people come, so that no limit speaks.
    """

    cookies: dict[str, str] = field(default_factory=dict)
    source: str = field(default_factory=_anywhere)


class Browser:
    """Args:
    port: Of the site, on 127.0.0.1.
    patience: Seconds that an answer may take.
    prefix: Of the paths that are asked for.

    Attributes:
        known: By which the site knows who asks. Many may share a connection, as behind a proxy.
    """

    def __init__(self, port: int, patience: float = 60, prefix: str = "/auth") -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=patience)
        self._prefix = prefix
        self._used = 0.0
        self.known = Known()

    def come_anew(self) -> None:
        """As somebody else."""
        self.known = Known()

    def ask(
        self, method: str, path: str, body: object = None, *, accept: str = "application/json"
    ) -> Reply:
        """One request below the prefix; a body is sent as JSON.

        Raises:
            OSError: Nobody listens, or the answer is late.
            HTTPException: The connection was cut.
        """
        cookies = self.known.cookies
        headers = {"Host": HOST, "Accept": accept, "X-Forwarded-Proto": "https"}
        headers["X-Forwarded-For"] = self.known.source
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if method == "POST":
            headers |= {"Content-Type": "application/json", "Origin": ORIGIN}
        sent = msgspec.json.encode(body) if method == "POST" else None
        began = time.perf_counter()
        if began - self._used > _KEPT:
            self.hang_up()
        try:
            self._connection.request(method, self._prefix + path, sent, headers)
            response = self._connection.getresponse()
            read = response.read()
        except (OSError, HTTPException):
            self.hang_up()
            raise
        self._used = time.perf_counter()
        for one in response.headers.get_all("Set-Cookie") or ():
            name, _, value = one.partition(";")[0].partition("=")
            cookies[name] = value
        return Reply(response.status, read, self._used - began)

    def hang_up(self) -> None:
        self._connection.close()


def answer(key: SoftCredential, options: bytes, *, counts: bool = False) -> dict[str, Any]:
    """What a device with this key says to them.

    Args:
        counts: Whether it has a signature counter; synced passkeys have none.
    """
    device = SoftAuthenticator(origin=ORIGIN, counts=counts)
    device.credentials.append(key)
    return device.get(msgspec.json.decode(options))
