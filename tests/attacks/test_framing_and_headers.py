"""Clickjacking and its kin: our page in another's frame, a script or picture slipped into it, a
token told to the next site by the Referer, a page kept in a shared cache.
"""

import re

import pytest
from people import Page

ALWAYS = ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]
EVERYWHERE = {
    "a page": ("GET", "/auth/sign-in", 200),
    "a redirect": ("GET", "/auth/account", 303),
    "JSON": ("GET", "/auth/session", 401),
    "no such page": ("GET", "/auth/nothing", 404),
    "no such method": ("PUT", "/auth/sign-in", 404),
    "no such file": ("GET", "/auth/static/nothing.js", 404),
    "a refused field": ("POST", "/auth/sign-in", 422),
    "a mailed link": ("GET", "/auth/sign-in/email/link?token=x", 401),
    "a preflight": ("OPTIONS", "/auth/sign-in", 200),
    "only headers": ("HEAD", "/auth/sign-in", 200),
}


def policy(answer):
    return answer.headers["Content-Security-Policy"].split("; ")


@pytest.mark.parametrize(("method", "path", "status"), EVERYWHERE.values(), ids=EVERYWHERE)
def test_every_answer_is_guarded(visitor, method, path, status):
    answer = visitor.ask(method, path)

    assert answer.status_code == status
    assert policy(answer)[:4] == ALWAYS
    assert "script-src 'self'" in policy(answer)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Origin": "https://evil.example"}, 403), ({"Host": "evil.example"}, 400)],
)
def test_a_refusal_before_any_view_is_too(visitor, headers, status):
    answer = visitor.ask("POST", "/auth/sign-out", headers=headers)

    assert answer.status_code == status
    assert policy(answer)[:4] == ALWAYS


def test_a_static_file_is_too(visitor):
    page = Page(visitor.get("/auth/sign-in").text)
    (script,) = [a["src"] for tag, a in page.elements if tag == "script"]

    answer = visitor.get(script)

    assert answer.status_code == 200
    assert policy(answer)[:4] == ALWAYS
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_refusal_on_a_hosts_page_is_too_and_the_page_itself_is_the_hosts(visitor, mira):
    assert policy(visitor.get("/notes"))[:4] == ALWAYS
    assert "Content-Security-Policy" not in mira.get("/notes").headers


def test_a_hosts_base_template_and_sources_loosen_none_of_the_last_four(start_app, visitor):
    """Of two directives of one name a browser takes the first."""
    app = start_app(
        UNLATCH_CSP_SOURCES={
            "script-src": ["https://cdn.example.com"],
            "frame-src": ["https://video.example.com"],
        }
    )

    answer = type(visitor)(app.test_client(), site=visitor.site).get("/auth/sign-in")

    assert policy(answer)[:4] == ALWAYS
    assert "script-src 'self' https://cdn.example.com" in policy(answer)
    assert "frame-src https://video.example.com" in policy(answer)


PAGES = ["sign-in", "register", "account", "account/email", "account/passkeys/new", "fresh"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_nobody_else_for_anything(mira, path):
    if path in ("sign-in", "register"):
        mira.sign_out()
    page = Page(mira.get(f"/auth/{path}").text)

    loaded = [a.get(name, "") for tag, a in page.elements for name in ("src", "href", "action")]
    assert [one for one in loaded if one and not re.match(r"/(?!/)", one)] == []
    assert not [tag for tag, a in page.elements if tag == "style" or "style" in a]
    assert not [tag for tag, a in page.elements if tag == "script" and not a.get("src")]
    assert not [tag for tag, a in page.elements if any(name.startswith("on") for name in a)]


def test_no_template_has_a_script_or_style_of_its_own(app):
    """Also those of states that no test reaches; a browser says nothing of an `onclick` that
    nobody presses.
    """
    env = app.jinja_env
    pages = [
        name
        for name in env.list_templates(extensions=["html"])
        if name.startswith("unlatch/") and not name.startswith("unlatch/mail/")
    ]
    assert len(pages) > 15

    for name in pages:
        source = env.loader.get_source(env, name)[0]
        inline = (
            r"[\s\"']on[a-z]+\s*=|hx-on|[\s\"']style\s*=|<style|<script(?![^>]*\ssrc=)|javascript:"
        )
        assert not re.findall(inline, source, re.IGNORECASE), name


def test_a_token_is_told_to_nobody_by_the_referer(mira, visitor, outbox):
    """The redirect says nothing at all; a page that keeps the token in its address, because the
    link was opened elsewhere, says no more than the site; and forms still have an Origin.
    """
    visitor.ask_mail("mira")

    here = visitor.open_link(outbox.link)
    elsewhere = visitor.at_another_browser().open_link(outbox.link)
    damaged = visitor.open_link(outbox.link + "x")

    assert (here.status_code, here.headers["Referrer-Policy"]) == (303, "no-referrer")
    assert "token" not in here.location
    assert elsewhere.headers["Referrer-Policy"] == damaged.headers["Referrer-Policy"] == "origin"
    assert visitor.get(here.location).headers["Referrer-Policy"] == "same-origin"
