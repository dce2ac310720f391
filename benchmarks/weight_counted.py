"""What valgrind counts, for `weight_instructions.py`: so many of one thing, and nothing beside it.

    python benchmarks/weight_counted.py sign-in 20

**sign-in** is one by passkey, by a client in the same process, at the app as a worker of `unlatch
serve` has it, on SQLite. **client** is what of that is the client's own: it asks an app that says
again what the other said, and signs as before. **floor** is one raw verification.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

from scaling_browser import Browser
from scaling_site import Site, people, username
from sign_in_floor import raw_verification
from sign_in_visits import Person, UnlatchVisit
from werkzeug.test import Client, run_wsgi_app

from unlatch.server.worker import load

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_WARM = 3


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Message
    body: bytes

    def read(self) -> bytes:
        return self.body


class _Connection(HTTPConnection):
    """To an app in this process."""

    def __init__(self, app: "WSGIApplication") -> None:
        super().__init__("127.0.0.1")
        self._client = Client(app, use_cookies=False)

    def request(
        self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any
    ) -> None:
        comes_from = {"REMOTE_ADDR": "127.0.0.1"}
        answer = self._client.open(
            url, method=method, data=body, headers=headers, environ_base=comes_from
        )
        said = Message()
        for name, value in answer.headers:
            said[name] = value
        self._answer = _Answer(answer.status_code, said, answer.data)

    def getresponse(self) -> Any:
        return self._answer


class _InProcess(Browser):
    def __init__(self, app: "WSGIApplication") -> None:
        super().__init__(port=0)
        self._connection = _Connection(app)


class _Echo:
    """Says again what an app said first."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._said: dict[str, tuple[list[bytes], str, list[tuple[str, str]]]] = {}

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path not in self._said:
            body, status, headers = run_wsgi_app(self._app, environ)
            self._said[path] = list(body), status, headers.to_wsgi_list()
        said, status, listed = self._said[path]
        start_response(status, listed)
        return said


@contextmanager
def _sign_in(
    between: "Callable[[WSGIApplication], WSGIApplication]",
) -> Iterator[Callable[[], Any]]:
    with TemporaryDirectory() as folder, chdir(folder):
        site = Site(Path(folder), f"sqlite:///{folder}/unlatch.sqlite")
        (key,) = people(site.database_url, 1)
        person = Person(username(0), key)
        # No mail is due, so whoever would send it only counts instructions of its own.
        app = load(site.settings | {"UNLATCH_MAIL_WORKER": "external"}, os.getppid(), None)
        browser = _InProcess(between(app))
        yield lambda: UnlatchVisit(browser, person).sign_in()


@contextmanager
def _floor() -> Iterator[Callable[[], Any]]:
    yield raw_verification()


STEPS = {
    "sign-in": lambda: _sign_in(lambda app: app),
    "client": lambda: _sign_in(_Echo),
    "floor": _floor,
}


def main() -> None:
    what, many = sys.argv[1:]
    with STEPS[what]() as step:
        for _ in range(_WARM + int(many)):
            step()


if __name__ == "__main__":
    main()
