"""The site's own pages, asked in-process."""

import re

import pytest
from flask import flash, get_flashed_messages, request
from flask.sessions import SecureCookieSessionInterface

from unlatch import sign_in_required
from unlatch.errors import SettingsError
from unlatch.server import readiness
from unlatch.server.app import create_app
from unlatch.stores.sql import schema
from unlatch.testing import Outbox

SERIOUS = {
    "UNLATCH_ORIGIN": "https://example.com",
    "UNLATCH_TRUSTED_PROXIES": "none",
    "UNLATCH_SITE_NAME": "Acme",
    "SECRET_KEY": "kR3v9-dZ0qLw7xTn2YbHc8uJfA5sEgM1",
    "MAIL_SERVER": "smtp.example.com",
    "MAIL_FROM": "sign-in@example.com",
}
DEVELOPMENT = {"UNLATCH_DEVELOPMENT": "1", "UNLATCH_SITE_NAME": "Acme"}


@pytest.fixture
def make_client(tmp_path, monkeypatch):
    """A browser before the site, with these settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(readiness, "PATIENCE", 60)

    def make(settings):
        app = create_app(settings)
        Outbox(app)
        return app.test_client()

    return make


@pytest.fixture
def client(make_client):
    return make_client(DEVELOPMENT)


def register(client):
    return client.post(
        "/auth/register",
        data={"name": "Mira", "username": "mira", "email": "mira@example.com"},
        headers={"Origin": "http://localhost"},
    )


def test_home_leads_a_stranger_in(client):
    page = client.get("/").text

    assert "Acme runs on Unlatch" in page
    assert 'href="/auth/sign-in"' in page
    assert 'href="/auth/register"' in page


def test_home_offers_no_account_where_registration_is_closed(make_client):
    page = make_client(DEVELOPMENT | {"UNLATCH_REGISTRATION": "closed"}).get("/").text

    assert 'href="/auth/sign-in"' in page
    assert 'href="/auth/register"' not in page


def test_home_greets_who_is_signed_in(client):
    register(client)

    page = client.get("/").text

    assert "Hello, Mira" in page
    assert 'href="/auth/account"' in page
    assert "Before this goes live" not in page


def test_home_says_in_development_what_will_be_missed(client):
    page = client.get("/").text

    assert "Before this goes live" in page
    for key in ("ORIGIN", "SECRET_KEYS", "MAIL_SERVER", "TRUSTED_PROXIES"):
        assert f"UNLATCH_{key}</dt><dd>Set it to " in page
    assert '<code class="unlatch-mono">python -c' in page
    assert "`" not in page


def test_home_says_nothing_of_settings_outside_development(make_client):
    page = make_client(SERIOUS).get("/", base_url="https://example.com").text

    assert "Before this goes live" not in page
    assert "UNLATCH_" not in page


@pytest.mark.parametrize("path", ["/", "/nothing-here", "/healthz", "/auth/sign-in"])
def test_every_answer_has_the_headers_once(make_client, path):
    answer = make_client(SERIOUS).get(path, base_url="https://example.com")

    for name in ("Content-Security-Policy", "Cache-Control", "X-Content-Type-Options", "Vary"):
        assert len(answer.headers.getlist(name)) == 1
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"]
    assert len(set(answer.vary)) == len(list(answer.vary))


@pytest.fixture
def make_saying(make_client):
    """A client of an app that says something at one address, and tells at another what was said."""

    def says():
        flash("Saved.")
        return ""

    def make_saying(settings):
        client = make_client(settings)
        client.application.add_url_rule("/says", view_func=says)
        client.application.add_url_rule("/hears", view_func=lambda: get_flashed_messages())
        return client

    return make_saying


@pytest.mark.parametrize(
    ("settings", "cookie"),
    [
        (DEVELOPMENT, "session=[^;]+; HttpOnly"),
        (SERIOUS, "__Host-unlatch-toasts=[^;]+; Secure; HttpOnly"),
    ],
)
def test_the_cookie_of_toasts_goes_where_ours_go(make_saying, settings, cookie):
    (said,) = make_saying(settings).get("/says").headers.getlist("Set-Cookie")

    assert re.fullmatch(rf"{cookie}; Path=/; SameSite=Lax", said)


def test_a_toast_is_said_once_and_looked_for_only_where_it_may_be(make_saying, monkeypatch):
    client = make_saying(DEVELOPMENT)
    asked = []

    def serializer(self, app):
        asked.append(request.path)
        return made(self, app)

    made = SecureCookieSessionInterface.get_signing_serializer
    monkeypatch.setattr(SecureCookieSessionInterface, "get_signing_serializer", serializer)

    assert client.get("/hears").json == []
    client.get("/says")
    assert client.get("/hears").json == ["Saved."]
    assert client.get("/hears").json == []
    assert asked == ["/says", "/hears"]  # to write it, and to read it


def test_a_guard_of_another_view_answers_with_the_headers_once(client):
    client.application.add_url_rule("/notes", view_func=sign_in_required(lambda: "notes"))

    answer = client.get("/notes", headers={"Accept": "application/json"})

    assert answer.status_code == 401
    assert len(answer.headers.getlist("X-Content-Type-Options")) == 1


def test_what_is_not_here_looks_like_the_rest(client):
    answer = client.get("/nothing-here")

    assert answer.status_code == 404
    assert "Nothing here" in answer.text
    assert "unlatch-card" in answer.text


def test_a_failure_of_ours_looks_like_the_rest(client, monkeypatch):
    def fail():
        raise RuntimeError("secret")

    monkeypatch.setitem(client.application.view_functions, "site.home", fail)

    answer = client.get("/")

    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert 'href="/">Try again</a>' in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("closed", [False, True])
def test_home_while_the_database_is_away(client, tmp_path, closed):
    register(client)
    if closed:
        client.application.extensions["unlatch"].stores.close()
    break_database(tmp_path)

    answer = client.get("/")

    assert answer.status_code == 503
    assert "Back in a moment" in answer.text


def break_database(tmp_path):
    for path in (tmp_path / "instance").glob("unlatch.sqlite*"):
        path.unlink()
    (tmp_path / "instance" / "unlatch.sqlite").mkdir()


def test_ready_makes_the_file_that_is_ours(client, tmp_path):
    assert not (tmp_path / "instance" / "unlatch.sqlite").exists()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json) == (
        200,
        {"ready": True, "database": "fits", "degraded": []},
    )
    assert (tmp_path / "instance" / "unlatch.sqlite").exists()


def test_not_ready_while_the_tables_are_not_made(make_client, tmp_path):
    client = make_client(DEVELOPMENT | {"UNLATCH_DATABASE_URL": f"sqlite:///{tmp_path}/own.sqlite"})

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json) == (
        503,
        {"ready": False, "database": "empty", "degraded": []},
    )
    assert not (tmp_path / "own.sqlite").exists()


def test_not_ready_while_the_tables_are_behind(client, monkeypatch):
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(schema, "HEAD", "9999")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json) == (
        503,
        {"ready": False, "database": "behind", "degraded": []},
    )


def test_not_ready_while_the_database_is_away(client, tmp_path):
    assert client.get("/readyz").status_code == 200
    client.application.extensions["unlatch"].stores.close()
    break_database(tmp_path)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json) == (
        503,
        {"ready": False, "database": "away", "degraded": []},
    )


def test_in_memory_it_is_always_ready(make_client):
    client = make_client(DEVELOPMENT | {"UNLATCH_DATABASE_URL": "memory:"})

    assert client.get("/readyz").status_code == 200


def test_health_answers_under_any_name(make_client):
    """A load balancer asks by address."""
    client = make_client(SERIOUS)

    assert client.get("/healthz", base_url="http://10.0.0.7:8000").status_code == 200
    assert client.get("/readyz", base_url="http://10.0.0.7:8000").status_code == 200


def test_settings_are_read_from_the_folder_it_is_started_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("UNLATCH_SITE_NAME=From the folder\nUNLATCH_DEVELOPMENT=1\n")

    assert "From the folder" in create_app().test_client().get("/").text


def test_without_settings_and_outside_development_there_is_no_app(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError) as raised:
        create_app({})

    assert len(raised.value.faults) == 5


@pytest.mark.parametrize("name", ["UNLATCH_BASE_TEMPLATE", "UNLATCH_BASE_TEMPLATE_FILE"])
def test_a_template_of_ones_own_app_is_refused_with_all_other_faults(name):
    """There is none here: each page would be an error, and that page, too."""
    with pytest.raises(SettingsError) as refused:
        create_app({name: "base.html", "UNLATCH_SESSION_IDLE": "soon", "UNLATCH_DEVELOPMENT": "1"})

    told = str(refused.value)
    assert "UNLATCH_BASE_TEMPLATE names a template" in told
    assert "UNLATCH_SESSION_IDLE" in told


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_setting_names_no_template(nothing):
    create_app({"UNLATCH_BASE_TEMPLATE": nothing, "UNLATCH_DEVELOPMENT": "1"})


def test_a_template_of_ones_own_app_is_refused_where_all_else_is_right():
    with pytest.raises(SettingsError, match="take it out"):
        create_app({"UNLATCH_BASE_TEMPLATE": "base.html", "UNLATCH_DEVELOPMENT": "1"})
