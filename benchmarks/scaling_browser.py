"""A browser on a connection that stays open, as a proxy's does, and a key that signs for it."""

import random
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

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


class Browser:
    """Args:
    port: Of the site, on 127.0.0.1.
    patience: Seconds that an answer may take.
    """

    def __init__(self, port: int, patience: float = 60) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=patience)
        self._used = 0.0
        self.come_anew()

    def come_anew(self) -> None:
        """Without cookies; and from another address each time, as people come: no limit speaks."""
        self._source = ".".join(str(random.randrange(1, 255)) for _ in range(4))  # noqa: S311
        self._cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: object = None, *, accept: str = "application/json"
    ) -> Reply:
        """One request below the prefix; a body is sent as JSON.

        Raises:
            OSError: Nobody listens, or the answer is late.
            HTTPException: The connection was cut.
        """
        headers = {"Host": HOST, "Accept": accept, "X-Forwarded-For": self._source}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if method == "POST":
            headers |= {"Content-Type": "application/json", "Origin": ORIGIN}
        sent = msgspec.json.encode(body) if method == "POST" else None
        began = time.perf_counter()
        if began - self._used > _KEPT:
            self.hang_up()
        try:
            self._connection.request(method, f"/auth{path}", sent, headers)
            response = self._connection.getresponse()
            read = response.read()
        except (OSError, HTTPException):
            self.hang_up()
            raise
        self._used = time.perf_counter()
        for one in response.headers.get_all("Set-Cookie") or ():
            name, _, value = one.partition(";")[0].partition("=")
            self._cookies[name] = value
        return Reply(response.status, read, self._used - began)

    def hang_up(self) -> None:
        self._connection.close()


def answer(key: SoftCredential, options: bytes) -> object:
    """What a device with this key says to them."""
    device = SoftAuthenticator(origin=ORIGIN)
    device.credentials.append(key)
    return device.get(msgspec.json.decode(options))
