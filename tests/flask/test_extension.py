"""The extension in a host's app: what it adds, what it leaves alone, when it refuses to start."""

import os
import stat
from typing import Any

import click
import pytest
from flask import Flask, render_template_string, url_for
from jinja2 import DictLoader

from unlatch import Unlatch, current_account, sign_in_required
from unlatch.errors import SettingsError
from unlatch.testing import Outbox

STRONG = "0123456789abcdef0123456789abcdef"
PRODUCTION = {
    "TESTING": False,
    "UNLATCH_ORIGIN": "https://example.com",
    "UNLATCH_SECRET_KEYS": STRONG,
    "UNLATCH_MAIL_SERVER": "smtp.example.com",
    "UNLATCH_MAIL_FROM": "sign-in@example.com",
    "UNLATCH_TRUSTED_PROXIES": "none",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    """Whoever runs these tests may develop with Flask, or use Unlatch."""
    for name in list(os.environ):
        if name.startswith(("UNLATCH_", "FLASK_")):
            monkeypatch.delenv(name)


def test_ten_lines_are_enough(tmp_path):
    app = Flask("host", instance_path=str(tmp_path))
    app.testing = True
    Unlatch(app)

    @app.get("/")
    @sign_in_required
    def home() -> str:
        return f"Hello {current_account.name}"

    client = app.test_client()
    assert client.get("/").location == "/auth/sign-in?next=/"
    made = client.post("/auth/register", data={"username": "ada", "email": "ada@example.com"})
    assert made.status_code == 303
    assert client.get("/").text == "Hello ada"
    app.extensions["unlatch"].stores.close()


def test_init_app_does_the_same_for_several_apps_that_do_not_mix(tmp_path, visitor):
    unlatch = Unlatch()
    apps = [Flask(f"host{number}", instance_path=str(tmp_path / str(number))) for number in (1, 2)]
    for number, app in enumerate(apps):
        app.config.update(
            TESTING=True, UNLATCH_SITE_NAME=f"Site {number}", UNLATCH_URL_PREFIX=f"/in{number}"
        )
        unlatch.init_app(app)
    first, second = (app.test_client() for app in apps)

    made = first.post("/in0/register", data={"username": "ada", "email": "ada@example.com"})

    assert made.status_code == 303
    cookie = first.get_cookie("unlatch-80")
    assert cookie is not None
    second.set_cookie("unlatch-80", cookie.decoded_value)
    assert first.get("/in0/session").status_code == 200
    assert second.get("/in1/session").status_code == 401
    assert "Site 0" in first.get("/in0/account").text
    assert "Site 1" in second.get("/in1/sign-in").text
    assert second.get("/in0/sign-in").status_code == 404
    for app in apps:
        app.extensions["unlatch"].stores.close()


def test_what_one_app_sealed_another_does_not_open(bare_app, visitor):
    """Each has keys of its own."""
    one, other = bare_app("one"), bare_app("other")
    person = type(visitor)(one.test_client())
    person.register()
    stranger = type(visitor)(other.test_client()).with_cookies_of(person)

    assert "Mira" not in stranger.get("/auth/sign-in").text
    assert stranger.get("/auth/sign-in/email").status_code == 303


def test_one_app_takes_it_once(app):
    with pytest.raises(SettingsError, match="on this app already"):
        Unlatch(app)


def test_an_app_that_tells_its_sites_apart_by_host_is_refused():
    """Our rules have no host: each page of ours would be 404, and a guarded view led to `auth`."""
    with pytest.raises(SettingsError, match="host_matching"):
        Unlatch(Flask("hosts", host_matching=True, static_host="example.com"))


def test_the_public_names_are_where_the_contract_says(app):
    with app.test_request_context():
        names = ("sign_in", "register", "account", "sign_out")
        assert [url_for(f"unlatch.{name}") for name in names] == [
            "/auth/sign-in",
            "/auth/register",
            "/auth/account",
            "/auth/sign-out",
        ]


def test_a_prefix_moves_all_addresses(new_app, visitor):
    app = new_app(UNLATCH_URL_PREFIX="/people/door")
    outbox = Outbox(app)
    client = app.test_client()

    assert client.get("/notes").location == "/people/door/sign-in?next=/notes"
    assert client.get("/auth/sign-in").status_code == 404
    assert client.get("/people/door/nothing").status_code == 404
    client.post("/people/door/register", data={"username": "ada", "email": "ada@example.com"})
    assert "http://localhost/people/door/account/email/link?token=" in outbox.link


def test_below_a_mount_point_all_addresses_begin_with_it(app, visitor):
    page = visitor.ask("GET", "/auth/sign-in", environ_overrides={"SCRIPT_NAME": "/app"})

    assert 'action="/app/auth/sign-in"' in page.text
    assert 'src="/app/auth/static/' in page.text


# --- The host's own look


BASE = """<!doctype html><html><head><title>{% block title %}{% endblock %} - My host</title>
{% block head %}{% endblock %}</head><body><nav>{{ current_account.name or "nobody" }}</nav>
{% block content %}{% endblock %}</body></html>"""


def dressed(app: Flask, **templates: str) -> Flask:
    app.jinja_env.bytecode_cache = None
    app.jinja_loader = DictLoader({f"{n}.html".replace("__", "/"): t for n, t in templates.items()})
    return app


def test_pages_extend_the_hosts_base_template(new_app, visitor):
    app = dressed(new_app(UNLATCH_BASE_TEMPLATE="base.html"), base=BASE)
    person = type(visitor)(app.test_client())

    page = person.get("/auth/sign-in")

    assert "<title>Sign in - My host</title>" in page.text
    assert "<nav>nobody</nav>" in page.text
    assert page.text.index("/auth/static/unlatch-") < page.text.index("</head>")
    assert page.text.index("<nav>") < page.text.index("Email or username")
    assert "<nav>" not in person.get("/auth/sign-in", "htmx").text
    person.register()
    assert "<nav>Mira Okafor</nav>" in person.get("/auth/account").text
    assert "<nav>" in person.get("/auth/nothing").text


def test_any_template_can_be_the_hosts(new_app):
    app = dressed(
        new_app(),
        unlatch__sign_in__identify="{% extends layout %}{% block card %}Mine{% endblock %}",
    )

    assert "Mine" in app.test_client().get("/auth/sign-in").text


def test_a_mail_can_be_the_hosts(new_app, visitor):
    text = "Subject: Mine\n\n{{ link }}"
    app = new_app()
    app.jinja_env.bytecode_cache = None
    app.jinja_loader = DictLoader({"unlatch/mail/confirm.txt": text})
    outbox = Outbox(app)

    type(visitor)(app.test_client()).register()

    assert outbox.last["Subject"] == "Mine"


def test_the_site_has_its_name(visitor):
    assert "<title>Sign in · Acme Notes</title>" in visitor.get("/auth/sign-in").text


def test_what_people_type_is_text_on_every_page(visitor, read):
    name = "<img src=x onerror=alert(1)>\"'{{7*7}}"
    visitor.register(name=name)
    visitor.add_passkey()
    (passkey,) = visitor.passkeys()
    visitor.form(f"/auth/account/passkeys/{passkey['id']}/rename", name=name)

    for path in ("account", "account/email", f"account/passkeys/{passkey['id']}/rename"):
        page = visitor.get(f"/auth/{path}")
        assert page.status_code == 200
        assert "img" not in [tag for tag, _ in read(page).elements]
        assert not [a for _, a in read(page).elements if "onerror" in a]
    visitor.sign_out()
    assert "<img" not in visitor.get("/auth/sign-in").text


# --- Development, known and never assumed


def test_outside_development_all_faults_are_told_at_once():
    with pytest.raises(SettingsError) as refused:
        Unlatch(Flask("host"))

    assert {fault.split()[0] for fault in refused.value.faults} == {
        "UNLATCH_ORIGIN",
        "UNLATCH_SECRET_KEYS",
        "UNLATCH_MAIL_SERVER",
        "UNLATCH_MAIL_FROM",
        "UNLATCH_TRUSTED_PROXIES",
    }


def test_outside_development_good_settings_start(bare_app):
    app = bare_app(**PRODUCTION)
    client = app.test_client()

    page = client.get("/auth/sign-in", base_url="https://example.com")

    assert page.status_code == 200
    assert "Development mailbox" not in page.text
    assert client.get("/auth/dev/mailbox", base_url="https://example.com").status_code == 404


@pytest.mark.parametrize("how", ["debug", "testing", "config", "environment"])
def test_development_is_when_somebody_says_so(tmp_path, monkeypatch, how):
    app = Flask("host", instance_path=str(tmp_path))
    if how == "debug":
        app.debug = True
    elif how == "testing":
        app.testing = True
    elif how == "config":
        app.config["UNLATCH_DEVELOPMENT"] = "1"
    else:
        monkeypatch.setenv("UNLATCH_DEVELOPMENT", "yes")

    Unlatch(app)

    assert app.extensions["unlatch"].settings.development


def test_debug_mode_from_the_environment_counts_in_flask_commands_alone(monkeypatch, tmp_path):
    """`FLASK_DEBUG` is forgotten in images and service files."""
    monkeypatch.setenv("FLASK_DEBUG", "1")

    with flask_command(monkeypatch, "seed"):
        app = Flask("host", instance_path=str(tmp_path))
        Unlatch(app)
        assert app.extensions["unlatch"].settings.development

    with pytest.raises(SettingsError):
        Unlatch(Flask("host", instance_path=str(tmp_path)))


@pytest.mark.parametrize("value", ["0", "", "no", "false", "perhaps"])
def test_development_is_not_when_somebody_says_no(monkeypatch, value):
    monkeypatch.setenv("UNLATCH_DEVELOPMENT", value)

    with pytest.raises(SettingsError):
        Unlatch(Flask("host"))


@pytest.mark.parametrize("value", ["0", "no", "false", "off"])
def test_a_no_outweighs_debug_mode(tmp_path, value):
    app = Flask("host", instance_path=str(tmp_path))
    app.debug = True
    app.config["UNLATCH_DEVELOPMENT"] = value

    with pytest.raises(SettingsError):
        Unlatch(app)


def test_no_request_makes_it_development(bare_app):
    client = bare_app(**PRODUCTION).test_client()

    for headers in (
        {"Host": "localhost"},
        {"Host": "localhost:5000"},
        {"X-Forwarded-Host": "localhost"},
    ):
        assert "Development" not in client.get("/auth/sign-in", headers=headers).text


def flask_command(monkeypatch, name: str):
    """As if `flask <name>` were running."""
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    return click.Context(click.Command(name), info_name=name)


def test_flask_run_is_development(monkeypatch, tmp_path):
    app = Flask("host", instance_path=str(tmp_path))

    with flask_command(monkeypatch, "run"):
        Unlatch(app)

    assert app.extensions["unlatch"].settings.development


@pytest.mark.parametrize("command", ["routes", "shell", "db", "flask"])
def test_the_hosts_commands_need_no_settings_and_make_no_file(monkeypatch, tmp_path, command):
    app = Flask("host", instance_path=str(tmp_path / "instance"))

    with flask_command(monkeypatch, command):
        Unlatch(app)
        routes = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert "unlatch.sign_in" in routes
    assert not (tmp_path / "instance").exists()
    with pytest.raises(SettingsError):
        _ = app.extensions["unlatch"].settings


def test_starting_opens_nothing_and_writes_nothing(bare_app, tmp_path):
    app = bare_app("instance")

    assert not (tmp_path / "instance").exists()
    app.test_client().get("/")
    assert not (tmp_path / "instance" / "unlatch.sqlite").exists()


def test_the_first_use_makes_a_database_and_keys_for_their_owner_alone(bare_app, visitor, tmp_path):
    person = type(visitor)(bare_app("instance").test_client())

    person.register()

    for name in ("unlatch.sqlite", "unlatch-keys"):
        assert stat.S_IMODE((tmp_path / "instance" / name).stat().st_mode) == 0o600


def test_the_keys_of_development_last(bare_app, visitor):
    """A restart signs nobody out and forgets no browser."""
    first, again = bare_app("instance"), bare_app("instance")
    person = type(visitor)(first.test_client())
    person.register()
    later = type(visitor)(again.test_client()).with_cookies_of(person)

    assert later.session == person.session
    person.sign_out()
    assert "Mira Okafor" in later.get("/auth/sign-in").text


def test_key_changes_in_three_rolls_forget_nobody(bare_app, visitor):
    old, new = "old" + STRONG, "new" + STRONG
    people: list[Any] = []
    for keys in (old, f"{old},{new}", f"{new},{old}", new):
        app = bare_app("instance", UNLATCH_SECRET_KEYS=keys)
        person = type(visitor)(app.test_client())
        for name, value in (people[-1].cookies if people else {}).items():
            person.set_cookie(name, value)
        if not people:
            person.register()
        else:
            person.add_passkey(type(person.key)())  # sealed by now with the first of the keys
            assert person.get("/auth/account/email").status_code == 200
        people.append(person)

    assert people[-1].method == "registration"
    assert len(people[-1].passkeys()) == 3


def test_flasks_own_session_gets_a_key_only_where_the_host_has_none(bare_app, tmp_path):
    app = Flask("host", instance_path=str(tmp_path))
    app.config.update(PRODUCTION | {"SECRET_KEY": "host's own"})
    Unlatch(app)
    assert app.secret_key == "host's own"

    keys = {bare_app(f"no{number}", **PRODUCTION).secret_key for number in (1, 2)}

    assert len(keys) == 1
    assert STRONG.encode() not in keys


def test_after_a_new_database_the_old_cookies_are_nobodys(new_app, mira):
    person = type(mira)(new_app().test_client()).with_cookies_of(mira)

    assert person.session is None
    assert person.get("/auth/sign-in").status_code == 200


def test_a_database_of_the_hosts_is_never_upgraded_by_itself(bare_app, tmp_path, caplog):
    file = tmp_path / "hosts.sqlite"
    app = bare_app(UNLATCH_DATABASE_URL=f"sqlite:///{file}")

    client = app.test_client()
    client.set_cookie("unlatch-80", "A" * 43)

    answer = client.get("/auth/session")

    assert answer.status_code == 503
    assert "flask unlatch db upgrade" in caplog.text
    assert not file.exists()


def test_the_context_of_our_pages_does_not_leak_into_the_hosts(app):
    with app.test_request_context("/"):
        assert render_template_string("{{ site_name }}{{ assets }}") == ""
