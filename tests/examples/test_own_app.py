"""The smallest app with Unlatch on it, as the README shows it."""

import http.client
import importlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

import unlatch
from unlatch.testing import Outbox, SoftAuthenticator

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_app" / "app.py"
TEN_LINES = """\
from flask import Flask
from unlatch import Unlatch, current_account, sign_in_required
app = Flask(__name__)
Unlatch(app)
@app.get("/")
@sign_in_required
def home():
    return f"Hello {current_account.name}"
"""
REGISTRATION = {"name": "Mira", "username": "mira", "email": "mira@example.com"}
OURS = {"Origin": "http://localhost"}
PATIENCE = 30.0


@pytest.fixture
def folder(tmp_path):
    """A copy of the example: its instance folder is beside it."""
    shutil.copy(EXAMPLE, tmp_path)
    return tmp_path


@pytest.fixture
def app(folder, monkeypatch):
    monkeypatch.setenv("UNLATCH_DEVELOPMENT", "1")  # which `flask run` says by itself
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module("app").app
    del sys.modules["app"]


def flask(folder, *arguments):
    left_out = ("UNLATCH_", "MAIL_", "SECRET_KEY", "DATABASE_URL", "FLASK_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=folder,
        env=own | {"PYTHONPATH": str(Path(unlatch.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def visitor(folder, port):
    """Asks what `flask run` serves, and keeps its cookies."""
    process = flask(folder, "run", "--port", str(port))
    yield Visitor(port)
    process.terminate()
    process.communicate(timeout=PATIENCE)


class Visitor:
    def __init__(self, port):
        self.origin = f"http://localhost:{port}"
        self._port = port
        self._cookies = {}

    def ask(self, method, path, form=None):
        headers = {"Host": f"localhost:{self._port}", "Origin": self.origin}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = self._connect()
        connection.request(method, path, urlencode(form or {}), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers.get("Location"), text

    def _connect(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            try:
                connection.connect()
            except OSError:
                assert time.monotonic() < deadline, "flask run does not answer"
                time.sleep(0.05)
            else:
                return connection


def test_it_is_the_ten_lines_of_the_readme():
    lines = [line for line in EXAMPLE.read_text().splitlines(keepends=True) if line.strip()]

    assert "".join(lines) == TEN_LINES


def test_with_flask_run_somebody_registers_and_is_greeted(visitor):
    assert visitor.ask("GET", "/")[:2] == (303, "/auth/sign-in?next=/")

    status, onward, _ = visitor.ask("POST", "/auth/register", REGISTRATION)
    assert status == 303
    assert onward.startswith("/auth/account/passkeys/new")

    assert visitor.ask("GET", "/")[2] == "Hello Mira"
    assert "mira@example.com" in visitor.ask("GET", "/auth/account")[2]


def test_a_passkey_opens_it_again(app):
    Outbox(app)
    client, key = app.test_client(), SoftAuthenticator()
    client.post("/auth/register", data=REGISTRATION, headers=OURS)
    options = client.post("/auth/account/passkeys/options", json={}, headers=OURS)
    made = client.post("/auth/account/passkeys", json=key.create(options.json), headers=OURS)
    assert made.status_code == 201, made.text
    client.post("/auth/sign-out", headers=OURS)
    assert client.get("/").status_code == 303

    options = client.post("/auth/sign-in/passkey/options", json={}, headers=OURS)
    opened = client.post("/auth/sign-in/passkey?next=/", json=key.get(options.json), headers=OURS)

    assert opened.json == {"next": "/"}
    assert client.get("/").text == "Hello Mira"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["routes"], r"unlatch\.sign_in +GET"),
        (["greet"], "Good morning"),
        (["unlatch", "db", "check"], "The database is empty: .*flask unlatch db upgrade` makes"),
        (["unlatch", "--help"], "See to the database"),
    ],
)
def test_commands_that_do_not_serve_make_no_file(folder, command, said):
    (folder / "app.py").write_text(
        EXAMPLE.read_text() + '\n\n@app.cli.command()\ndef greet():\n    print("Good morning")\n'
    )

    output = flask(folder, *command).communicate(timeout=PATIENCE)[0]

    assert re.search(said, output), output
    assert [path.name for path in folder.iterdir() if path.name != "__pycache__"] == ["app.py"]


def test_its_database_is_made_by_command_too(folder):
    output = flask(folder, "unlatch", "db", "upgrade").communicate(timeout=PATIENCE)[0]

    made = folder / "instance" / "unlatch.sqlite"
    assert made.exists()
    assert output == f"The tables are made.\nIt is {made}.\n"
