"""A browser that keeps its connection and its cookies, and does not wait for ever."""

import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

SITE = "https://example.com"


class Unsent(Exception):
    """Nobody listens: nothing was asked."""


class NoAnswer(Exception):
    """The connection was cut: nobody knows."""


class Late(NoAnswer):
    """Nobody waits any longer: nobody knows."""


@dataclass(frozen=True)
class Reply:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Browser:
    """Attributes:
    ports: Of the servers of one site, or of a proxy before it, on 127.0.0.1. Each connection is to
        one of them, whichever listens.
    patience: Seconds that an answer may take.
    """

    ports: tuple[int, ...]
    patience: float
    cookies: dict[str, str] = field(default_factory=dict)
    _connection: HTTPConnection | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        form: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> Reply:
        """One request.

        Args:
            body: Sent as JSON.

        Raises:
            Unsent: Could not connect.
            NoAnswer: The connection was cut, or the answer is late.
        """
        headers = self._headers(method, accept)
        sent = b""
        if form is not None:
            sent = urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif method != "GET":
            sent = json.dumps({} if body is None else body).encode()
            headers["Content-Type"] = "application/json"
        connection = self._connected()
        try:
            connection.request(method, path, sent, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, HTTPException) as error:
            self.hang_up()
            raise (Late if isinstance(error, TimeoutError) else NoAnswer) from error
        self._keep(answer.headers.get_all("Set-Cookie") or [])
        return Reply(answer.status, text)

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def cookie(self, name: str) -> str:
        return self.cookies.get(f"__Host-{name}", "")

    def _connected(self) -> HTTPConnection:
        for port in random.sample(self.ports, len(self.ports)):
            if self._connection is not None:
                break
            connection = HTTPConnection("127.0.0.1", port, timeout=self.patience)
            with suppress(OSError):
                connection.connect()
                self._connection = connection
        if self._connection is None:
            raise Unsent
        return self._connection

    def _headers(self, method: str, accept: str) -> dict[str, str]:
        headers = {
            "Host": "example.com",
            "Accept": accept,
            # Everybody comes from somewhere else: limits are not what is tried here.
            "X-Forwarded-For": f"10.{_byte()}.{_byte()}.{_byte()}",
        }
        if method != "GET":
            headers["Origin"] = SITE
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return headers

    def _keep(self, headers: list[str]) -> None:
        for header in headers:
            for name, one in SimpleCookie(header).items():
                if one.value and one["max-age"] != "0":
                    self.cookies[name] = one.value
                else:
                    self.cookies.pop(name, None)


def _byte() -> int:
    return random.randrange(1, 255)
