"""A real `unlatch serve`, started in a folder of its own and stopped by its id."""

import http.client
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from postgres import Postgres, patient_postgres, postgres
from processes import COMMAND, PATIENCE, environment, free_port, wait_until

from unlatch.server.app import create_app

__all__ = ["patient_postgres", "postgres"]


@dataclass
class Answer:
    status: int
    headers: Message
    text: str
    cookies: dict[str, str]


@dataclass
class Site:
    """The process, and a browser before it.

    Attributes:
        said: What it printed when it was ready.
    """

    process: "subprocess.Popen[str]"
    port: int
    folder: Path
    said: str
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        *,
        at: str = "localhost",
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        chunked: bool = False,
    ) -> Answer:
        """One request, over a connection of its own, to the named address."""
        connection = http.client.HTTPConnection(at, self.port, timeout=PATIENCE)
        sent = {"Host": f"{'[::1]' if at == '::1' else at}:{self.port}"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            sent["Origin"] = f"http://localhost:{self.port}"
        body = urlencode(form).encode() if form is not None else None
        pieces = [body] if body and chunked else None  # http.client knows no length of a list
        try:
            all_headers = sent | dict(headers or {})
            # A server may answer, and close, before it was sent all of what is too much.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body=pieces or body, headers=all_headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        new = dict(
            one.partition(";")[0].split("=", 1)
            for one in response.headers.get_all("Set-Cookie") or []
        )
        self.cookies |= new
        return Answer(response.status, response.headers, text, new)

    def get(self, path: str, *, at: str = "localhost", **headers: str) -> Answer:
        return self.ask("GET", path, at=at, headers=headers)

    @property
    def answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz", at="127.0.0.1").status == 200
        except OSError:
            return False

    @property
    def workers(self) -> list[int]:
        """Ids of the worker processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def stop(self, by: signal.Signals = signal.SIGTERM) -> str:
        """End it, and give what it said on standard error."""
        self.process.send_signal(by)
        return self.process.communicate(timeout=PATIENCE)[1]

    def stop_all(self) -> str:
        """End it, and give all that it said."""
        self.process.send_signal(signal.SIGTERM)
        return self.said + "".join(self.process.communicate(timeout=PATIENCE))

    def is_running(self, pid: int) -> bool:
        """Whether a process is there, and not only waiting to be counted out by its parent."""
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state != "Z"

    def wait_until(self, true: Callable[[], object], what: str) -> None:
        """Poll until it is so."""
        wait_until(true, what)


def start(folder: Path, *options: str, **settings: str) -> Site:
    """Start it, and wait until it says that it is there."""
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port), *options],
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    if str(port) not in said:
        process.kill()
        pytest.fail(f"unlatch serve did not start: {said}{process.communicate()[1]}")
    while "Ctrl-C" not in said:
        said += process.stdout.readline()
    return Site(process, port, folder, said)


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    """Those of `site`; a file may have its own."""
    return {}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, site_settings: dict[str, str]) -> Iterator[Site]:
    """One for all tests of a file that leave it running."""
    site = start(tmp_path_factory.mktemp("site"), **site_settings)
    yield site
    site.stop()


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """One for a test that ends it or kills its parts."""
    site = start(tmp_path)
    yield site
    if site.process.poll() is None:
        site.stop(signal.SIGKILL)


@pytest.fixture
def start_site() -> Iterator[Callable[..., Site]]:
    """Starts others, with options and settings."""
    started: list[Site] = []

    def begin(folder: Path, *options: str, **settings: str) -> Site:
        started.append(start(folder, *options, **settings))
        return started[-1]

    yield begin
    for site in started:
        site.stop(signal.SIGKILL)


@pytest.fixture
def start_command() -> Iterator[Callable[..., Site]]:
    """Starts another server's command, which is made for a port, and waits for its answer."""
    started: list[Site] = []

    def begin(
        folder: Path, command: Callable[[int], list[str]], settings: Mapping[str, str]
    ) -> Site:
        port = free_port()
        process = subprocess.Popen(
            command(port),
            cwd=folder,
            env=environment(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(Site(process, port, folder, ""))
        started[-1].wait_until(lambda: started[-1].answers, "an answer")
        return started[-1]

    yield begin
    for site in started:
        if site.process.poll() is None:
            site.stop(signal.SIGKILL)


@pytest.fixture
def unlatch(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs the command to its end, in a folder of the test's own."""

    def run(
        *arguments: str, stdin: int | None = None, **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            stdin=stdin,
            env=environment(**settings),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    return run


SITE = "https://example.com"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a new database that several processes may share."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shared.sqlite'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url(postgres.empty())


@pytest.fixture
def for_real(database_url: str) -> dict[str, str]:
    """The settings of a site that several processes serve, over each kind of database."""
    return {
        "UNLATCH_ORIGIN": SITE,
        "UNLATCH_DATABASE_URL": database_url,
        "UNLATCH_TRUSTED_PROXIES": "none",
        "SECRET_KEY": "kR3v9-dZ0qLw7xTn2YbHc8uJfA5sEgM1",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_FROM": "sign-in@example.com",
    }


@pytest.fixture
def settings(for_real: dict[str, str]) -> dict[str, str]:
    """Those of the site, where nothing else is wanted."""
    return for_real | {"UNLATCH_MAIL_WORKER": "external"}


@pytest.fixture
def here(
    settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """The site as the test's own process serves it, one of those that share the database."""
    monkeypatch.chdir(tmp_path)
    app = create_app(settings)
    app.extensions["unlatch"].stores.database.upgrade()
    yield app
    app.extensions["unlatch"].stores.close()
