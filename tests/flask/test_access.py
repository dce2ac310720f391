"""Who may come in: the same-origin check, the host check, the decorators."""

import asyncio

import pytest
from fixtures import person
from flask import render_template_string

from unlatch import current_account, sign_in_required
from unlatch.errors import SchemaBehind, StoreError

SITE = "http://localhost"
HEADERS = [
    # Origin, Sec-Fetch-Site, whether cookies of ours come along, whether it passes
    (SITE, None, True, True),
    (SITE, None, False, True),
    (SITE, "same-origin", True, True),
    (SITE, "cross-site", True, True),
    ("https://evil.example", None, True, False),
    ("https://evil.example", None, False, False),
    ("https://evil.example", "cross-site", True, False),
    ("http://localhost:81", "same-site", True, False),
    ("https://localhost", None, True, False),
    ("http://localhost.evil.example", None, True, False),
    ("http://LOCALHOST", None, True, False),
    ("", None, True, False),
    ("null", None, True, False),
    ("null", "cross-site", True, False),
    ("null", "same-origin", True, True),
    (None, "same-origin", True, True),
    (None, "none", True, True),
    (None, "same-site", True, False),
    (None, "cross-site", True, False),
    (None, "cross-site", False, False),
    (None, "nonsense", False, False),
    (None, None, True, False),
    (None, None, False, True),
]


def sent(origin: str | None, site: str | None) -> dict[str, str]:
    said = {"Origin": origin, "Sec-Fetch-Site": site}
    return {name: value for name, value in said.items() if value is not None}


@pytest.mark.parametrize(("origin", "site", "cookies", "passes"), HEADERS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/sign-out"),
        ("PATCH", "/auth/account/passkeys/x"),
        ("DELETE", "/auth/account/passkeys/x"),
    ],
)
def test_only_our_own_pages_change_anything(
    mira, visitor, method, path, origin, site, cookies, passes
):
    client = (mira if cookies else visitor).client

    answer = client.open(path, method=method, headers=sent(origin, site), json={"name": "x"})

    assert (answer.status_code != 403) is passes
    if not passes:
        assert mira.method == "registration"


def test_a_refused_page_says_why_in_the_asked_face(mira):
    told = mira.client.post(
        "/auth/sign-out", headers={"Origin": "https://evil.example", "Accept": "application/json"}
    )
    shown = mira.client.post("/auth/sign-out", headers={"Origin": "https://evil.example"})

    assert (told.status_code, told.json["error"]) == (403, "cross_site")
    assert "That came from another site" in shown.text


@pytest.mark.parametrize("suffix", ["", "-mail", "-account", "-browser", "-link", "-c-" + "A" * 16])
def test_any_cookie_of_ours_makes_a_request_a_browsers(visitor, suffix):
    visitor.set_cookie(f"unlatch-80{suffix}", "x")

    assert visitor.client.post("/auth/sign-out").status_code == 403


def test_a_hosts_own_cookies_make_it_no_browser_of_ours(visitor):
    visitor.set_cookie("session", "x")
    visitor.set_cookie("unlatch-8000", "x")
    visitor.set_cookie("unlatched", "x")

    assert visitor.client.post("/auth/sign-out").status_code == 303


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_is_allowed_from_everywhere(mira, method):
    """A click in a web mailer is a cross-site navigation."""
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}

    assert mira.client.open("/auth/account", method=method, headers=headers).status_code == 200


def test_every_configured_origin_is_ours(new_app):
    app = new_app(UNLATCH_ORIGIN="https://example.com, https://www.example.com:8443")

    for origin in ("https://example.com", "https://www.example.com:8443"):
        answer = app.test_client().post(
            "/auth/sign-out", base_url=origin, headers={"Origin": origin}
        )
        assert answer.status_code == 303
    mixed = app.test_client().post(
        "/auth/sign-out",
        base_url="https://example.com",
        headers={"Origin": "https://www.example.com"},
    )
    assert mixed.status_code == 403


# --- The host check


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost:81",
        "localhost.evil.example",
        "localhost@evil.example",
        "sub.localhost",
        "localhost.",
        "127.0.0.2",
        "0.0.0.0",
        "localhost:80:80",
        "[::2]",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_is_not_ours_is_not_answered_to(visitor, host, method):
    answer = visitor.client.open(
        "/auth/sign-in",
        method=method,
        headers={"Host": host, "Origin": SITE, "Accept": "application/json"},
    )

    assert answer.status_code == 400
    if answer.mimetype == "application/json":
        assert answer.json["error"] == "wrong_host"
    assert not answer.headers.getlist("Set-Cookie")


def test_a_wrong_host_is_told_in_our_look(visitor):
    answer = visitor.ask("GET", "/auth/sign-in", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert "Wrong address" in answer.text
    assert "evil" not in answer.text


def test_the_hosts_own_pages_answer_to_every_name(visitor):
    assert visitor.ask("GET", "/", headers={"Host": "evil.example"}).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("port", ["", ":5003"])
def test_a_developer_who_opens_an_address_is_led_to_the_name(visitor, address, port):
    """WebAuthn refuses addresses."""
    answer = visitor.client.get(
        "/auth/sign-in?next=/a%20b",
        headers={"Host": f"{address}{port}"},
        environ_overrides={"SERVER_PORT": port.lstrip(":") or "80"},
    )

    there = f"http://localhost{port}/auth/sign-in?next=/a%20b"
    assert (answer.status_code, answer.location) == (307, there)


def test_what_is_posted_to_an_address_is_not_led_anywhere(visitor):
    answer = visitor.client.post("/auth/sign-out", base_url="http://127.0.0.1:5003")

    assert answer.status_code == 400


def test_outside_development_an_address_is_a_wrong_host(new_app):
    app = new_app(
        TESTING=False,
        UNLATCH_ORIGIN="https://example.com",
        UNLATCH_SECRET_KEYS="0123456789abcdef0123456789abcdef",
        UNLATCH_MAIL_SERVER="smtp.example.com",
        UNLATCH_MAIL_FROM="sign-in@example.com",
        UNLATCH_TRUSTED_PROXIES="none",
    )

    assert app.test_client().get("/auth/sign-in", base_url="http://127.0.0.1").status_code == 400
    assert app.test_client().get("/auth/sign-in", base_url="https://example.com").status_code == 200


# --- The decorators


def test_a_guarded_page_leads_to_signing_in_and_back(visitor):
    assert visitor.get("/notes?page=2").location == "/auth/sign-in?next=/notes?page%3D2"
    assert (
        visitor.get("/notes?page=2", "htmx").headers["HX-Redirect"]
        == "/auth/sign-in?next=/notes?page%3D2"
    )
    told = visitor.get("/notes", "json")
    assert (told.status_code, told.json["error"], told.json["next"]) == (
        401,
        "not_signed_in",
        "/auth/sign-in",
    )


def test_a_guarded_page_opens_for_who_is_signed_in(mira):
    assert mira.get("/notes").text == "Notes of mira"


def test_a_guarded_view_may_be_async(new_app):
    app = new_app()
    app.async_to_sync = lambda view: lambda **kwargs: asyncio.run(view(**kwargs))  # by hand

    @app.get("/late/<what>")
    @sign_in_required
    async def late(what: str) -> str:
        await asyncio.sleep(0)
        return f"{what} of {current_account.username}"

    someone = person(app, SITE)
    assert someone.get("/late/notes").location == "/auth/sign-in?next=/late/notes"
    someone.register()
    assert someone.get("/late/notes").text == "notes of mira"


def test_a_guarded_view_is_called_as_its_app_calls_views(new_app):
    """`ensure_sync` is the app's own, which may know more of async than Flask does."""

    class Late:
        __name__ = "late"

        async def __call__(self) -> str:
            return f"late, {current_account.username}"

    app = new_app()
    app.ensure_sync = lambda f: (lambda: asyncio.run(f())) if isinstance(f, Late) else f
    app.get("/late")(sign_in_required(Late()))

    someone = person(app, SITE)
    someone.register()
    assert someone.get("/late").text == "late, mira"


def test_the_account_is_falsy_when_nobody_is_signed_in(visitor, mira):
    assert visitor.get("/").text == "Hello stranger"
    assert mira.get("/").text == "Hello Mira Okafor"


def test_templates_know_the_account(app, mira):
    with app.test_request_context(
        "/", headers={"Cookie": f"unlatch-80={mira.cookies['unlatch-80']}"}
    ):
        assert render_template_string("{{ current_account.username }}") == "mira"


def test_a_guarded_view_keeps_its_name(app):
    assert app.view_functions["notes"].__name__ == "notes"


def test_a_database_that_is_away_is_503_in_every_face(app, mira, monkeypatch, caplog):
    def away(*_, **__):
        raise StoreError("away")

    monkeypatch.setattr(app.extensions["unlatch"].stores.sessions, "find", away)

    for path in ("/auth/account", "/notes"):
        told = mira.get(path, "json")
        assert (told.status_code, told.json["error"]) == (503, "unavailable")
        page = mira.get(path)
        assert page.status_code == 503
        assert "Back in a moment" in page.text
    assert "the database is away" in caplog.text


def test_a_schema_that_waits_is_503_and_the_log_says_what_to_do(app, mira, monkeypatch, caplog):
    def behind(*_, **__):
        raise SchemaBehind("run `flask unlatch db upgrade`")

    monkeypatch.setattr(app.extensions["unlatch"].stores.sessions, "find", behind)

    answer = mira.get("/auth/account")

    assert answer.status_code == 503
    assert "upgrade" not in answer.text
    assert "flask unlatch db upgrade" in caplog.text


@pytest.mark.parametrize("face", ["page", "json"])
def test_a_failure_of_ours_is_500_in_our_look_and_tells_nothing(app, mira, monkeypatch, face):
    def broken(*_, **__):
        raise RuntimeError("a secret of the machine")

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(app.extensions["unlatch"].stores.passkeys, "of", broken)

    answer = mira.get("/auth/account", face)

    assert answer.status_code == 500
    assert "a secret of the machine" not in answer.text
    assert ("Something went wrong" if face == "page" else '"error":"failed"') in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("said", ["Accept-Language", "Accept-Language, Cookie", "cookie"])
def test_an_answer_depends_on_who_asks_and_on_what_its_view_says(new_app, said):
    app = new_app()

    @app.get("/hello")
    def hello() -> tuple[str, dict[str, str]]:
        return f"Hello {current_account or 'stranger'}", {"Vary": said}

    (told,) = person(app, SITE).get("/hello").headers.getlist("Vary")

    assert sorted(told.lower().split(", ")) == sorted({*said.lower().split(", "), "cookie"})


def test_an_answer_depends_on_who_asks_wherever_that_was_asked(mira):
    """In a copy of the request's context nobody calls what hangs on it: a shared cache was shown
    one person's page for the next.
    """
    answer = mira.get("/elsewhere")

    assert answer.text == "Hello Mira Okafor, Mira Okafor"
    assert "Cookie" in answer.headers["Vary"]
