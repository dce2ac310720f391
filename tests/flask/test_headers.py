"""The headers of every answer of ours, and the three static files."""

import gzip
import re
from types import SimpleNamespace

import pytest

from unlatch.flask import assets
from unlatch.flask.assets import ASSETS

ANSWERS = [
    ("GET", "/auth/sign-in"),
    ("GET", "/auth/register"),
    ("GET", "/auth/account"),
    ("GET", "/auth/nothing"),
    ("GET", "/auth/static/nothing.js"),
    ("GET", "/auth/session"),
    ("GET", "/auth/sign-in/email/link?token=x"),
    ("HEAD", "/auth/sign-in"),
    ("OPTIONS", "/auth/sign-in"),
    ("POST", "/auth/sign-in"),
    ("POST", "/auth/sign-out"),
    ("POST", "/auth/sign-in/passkey/options"),
    ("POST", "/auth/sign-in/passkey"),
    ("DELETE", "/auth/account/passkeys/x"),
]
MAY_HAVE_A_TOKEN = ("/auth/sign-in/email/link?token=x", "/auth/nothing")
VARY = {"Accept", "Cookie", "HX-Request", "HX-Request-Type", "HX-History-Restore-Request"}


@pytest.mark.parametrize(("method", "path"), ANSWERS)
@pytest.mark.parametrize("face", ["page", "htmx", "json"])
def test_every_answer_is_guarded_and_never_kept(visitor, method, path, face):
    headers = visitor.ask(method, path, face).headers

    assert headers["Cache-Control"] == "no-store"
    assert {one.strip() for one in headers["Vary"].split(",")} >= VARY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Permissions-Policy"] == (
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    )
    assert headers["Referrer-Policy"] == ("origin" if path in MAY_HAVE_A_TOKEN else "same-origin")
    assert "Strict-Transport-Security" not in headers


def test_no_page_takes_anything_from_elsewhere(visitor):
    policy = visitor.get("/auth/sign-in").headers["Content-Security-Policy"]

    assert policy.split("; ") == [
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
    ]


@pytest.mark.parametrize(
    "sources",
    [
        "script-src https://cdn.example.com 'unsafe-hashes'; media-src https://v.example.com",
        {
            "script-src": ["https://cdn.example.com", "'unsafe-hashes'"],
            "media-src": "https://v.example.com",
        },
    ],
)
def test_a_host_adds_its_sources_and_takes_none_of_ours_away(new_app, sources):
    app = new_app(UNLATCH_CSP_SOURCES=sources)

    policy = app.test_client().get("/auth/sign-in").headers["Content-Security-Policy"].split("; ")

    assert "script-src 'self' https://cdn.example.com 'unsafe-hashes'" in policy
    assert "media-src https://v.example.com" in policy
    assert policy[:4] == [
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ]


def test_https_is_promised_where_the_site_has_it(new_app):
    client = new_app(UNLATCH_ORIGIN="https://example.com").test_client()

    answer = client.get("/auth/sign-in", base_url="https://example.com")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_page_has_no_script_or_style_of_its_own(visitor, mira, read):
    for person, path in [
        (visitor, "sign-in"),
        (visitor, "register"),
        (mira, "account"),
        (mira, "account/passkeys/new"),
        (mira, "fresh"),
    ]:
        elements = read(person.get(f"/auth/{path}")).elements
        assert not [a for tag, a in elements if "style" in a or any(n.startswith("on") for n in a)]
        assert not [tag for tag, a in elements if tag == "style"]
        assert all(
            a.get("src", "").startswith("/auth/static/") for tag, a in elements if tag == "script"
        )


def test_the_hosts_own_pages_are_left_alone(visitor, mira):
    for answer in (visitor.get("/"), mira.get("/notes")):
        for header in (
            "Content-Security-Policy",
            "Cross-Origin-Opener-Policy",
            "Permissions-Policy",
        ):
            assert header not in answer.headers


def test_a_page_that_asked_who_is_there_is_not_shown_to_the_next(visitor, mira):
    """A cache in front of the host's app must tell people apart."""
    for answer in (visitor.get("/"), mira.get("/notes")):
        assert "Cookie" in answer.headers["Vary"]


def test_a_refusal_at_a_hosts_address_has_our_headers(visitor):
    for answer in (visitor.get("/notes"), visitor.get("/notes", "json")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("kind", sorted(ASSETS))
def test_a_static_file_is_compressed_and_kept_for_ever(visitor, kind):
    path = f"/auth/static/{ASSETS[kind]}"

    plain = visitor.get(path)
    small = visitor.get(path, Accept_Encoding="gzip, br")

    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data)
    for answer in (plain, small):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not answer.headers.getlist("Set-Cookie")


@pytest.mark.parametrize(
    ("kind", "mimetype"),
    [
        ("script", "text/javascript"),
        ("style", "text/css"),
        ("favicon", "image/svg+xml"),
    ],
)
def test_a_static_file_says_what_it_is(visitor, kind, mimetype):
    assert visitor.get(f"/auth/static/{ASSETS[kind]}").mimetype == mimetype


def test_a_static_file_is_compressed_once_a_process(visitor, monkeypatch):
    compressed = []

    def compress(data, level, **more):
        compressed.append(data)
        return gzip.compress(data, level, **more)

    assets._asset.cache_clear()
    monkeypatch.setattr(assets, "gzip", SimpleNamespace(compress=compress))
    for _ in range(3):
        visitor.get(f"/auth/static/{ASSETS['style']}", Accept_Encoding="gzip")

    assert len(compressed) == 1


@pytest.mark.parametrize("encodings", ["", "br", "identity", "gzip;q=0", "gzip;q=0, *;q=0.1"])
def test_who_takes_no_gzip_gets_none(visitor, encodings):
    answer = visitor.get(f"/auth/static/{ASSETS['style']}", Accept_Encoding=encodings)

    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "vendor/htmx-4.0.1.min.js",
        "../assets.py",
        "..%2fassets.py",
        "",
        "unlatch.css",
    ],
)
def test_only_the_three_files_are_served(visitor, name):
    assert visitor.get(f"/auth/static/{name}").status_code == 404


def test_the_names_of_static_files_change_with_what_is_in_them():
    assert set(ASSETS) == {"script", "style", "favicon"}
    assert all(re.fullmatch(r"unlatch-[0-9a-f]{8}\.(js|css|svg)", one) for one in ASSETS.values())


def test_pages_are_never_compressed(mira):
    """They may carry secrets beside what a stranger chose (BREACH)."""
    answer = mira.get("/auth/account", Accept_Encoding="gzip")

    assert "Content-Encoding" not in answer.headers
