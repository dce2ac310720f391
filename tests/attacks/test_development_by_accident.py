"""A server started without settings, or asked under a developer's name, turns into a developer's:
its mails lie open, and its site is whatever a visitor calls it.
"""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from processes import COMMAND, PATIENCE, environment, free_port, gunicorn

from unlatch import Unlatch
from unlatch.errors import SettingsError

MISSING = [
    "UNLATCH_ORIGIN",
    "UNLATCH_SECRET_KEYS",
    "UNLATCH_MAIL_SERVER",
    "UNLATCH_MAIL_FROM",
    "UNLATCH_TRUSTED_PROXIES",
]

LEFT_OVER = {
    "FLASK_DEBUG": "1",
    "FLASK_ENV": "development",
    "FLASK_APP": "host:app",
    "FLASK_RUN_FROM_CLI": "true",
    "WERKZEUG_RUN_MAIN": "true",
}
"""What a developer's shell, or the command that started the server, leaves in the environment."""

HOST_APP = """
from flask import Flask
from unlatch import Unlatch

app = Flask(__name__)
Unlatch(app)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("app", "left_over"), [("unlatch.server.app:create_app()", {}), ("host:app", LEFT_OVER)]
)
def test_gunicorn_without_settings_does_not_start(
    tmp_path: Path, app: str, left_over: dict[str, str]
) -> None:
    (tmp_path / "host.py").write_text(HOST_APP)

    ended = run(gunicorn(app, free_port()), tmp_path, left_over)

    assert ended.returncode != 0
    for key in MISSING:
        assert f"- {key} is missing" in ended.stderr
    assert not (tmp_path / "instance").exists()


@pytest.mark.slow
def test_serving_others_without_settings_does_not_start(tmp_path: Path) -> None:
    command = [*COMMAND, "serve", "--host", "0.0.0.0", "--port", str(free_port())]

    ended = run(command, tmp_path, LEFT_OVER)

    assert ended.returncode == 1
    for key in MISSING:
        assert f"- {key} is missing" in ended.stderr
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize("name", LEFT_OVER)
def test_what_is_left_in_the_environment_is_nobodys_word(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, LEFT_OVER[name])
    app = Flask("host")
    assert app.debug is (name == "FLASK_DEBUG")

    with pytest.raises(SettingsError) as refused:
        Unlatch(app)

    assert [fault.split()[0] for fault in refused.value.faults] == MISSING


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost:5000"},
        {"Host": "localhost"},
        {"Host": "127.0.0.1:5000"},
        {"Host": "acme.example", "X-Forwarded-Host": "localhost:5000"},
        {"Host": "acme.example", "Forwarded": "host=localhost:5000;proto=http"},
    ],
    ids=str,
)
def test_no_name_it_is_asked_under_makes_a_site_a_developers(visitor, kept, links, headers):
    """No page, no mailbox, no redirect to where such a site would be; no account."""
    there = 200 if headers["Host"] == "acme.example" else 400
    page = visitor.get("/auth/sign-in", **headers)
    assert page.status_code == there
    assert "Development mailbox" not in page.text
    assert visitor.get("/auth/dev/mailbox", **headers).status_code == (404 if there == 200 else 400)

    form = {"name": "Mira", "username": "mira", "email": "mira@example.com"}
    visitor.ask("POST", "/auth/register", headers=headers, data=form)

    assert all(name.startswith("__Host-") for name in visitor.cookies)
    assert bool(kept.stores.accounts.by_username("mira")) is (there == 200)
    assert [urlsplit(link).netloc for link in links("mira@example.com")] == (
        ["acme.example"] if there == 200 else []
    )


def run(
    command: list[str], folder: Path, settings: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
