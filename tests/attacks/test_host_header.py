"""The attacker names the site himself, in Host or in a forwarding header, so that the mail leads
the victim to him, or that his name becomes the relying party's.
"""

import json

import pytest
from people import Person
from werkzeug.middleware.proxy_fix import ProxyFix

EVIL = "evil.example"
FORWARDED = {
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "8443",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-Host": EVIL,
    "X-Original-URL": "/evil",
    "X-Rewrite-URL": "/evil",
    "Forwarded": f"host={EVIL};proto=http",
}


@pytest.mark.parametrize("host", [EVIL, f"acme.example.{EVIL}", f"{EVIL}:443", "127.0.0.1"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/sign-in"),
        ("POST", "/auth/sign-in/email"),
        ("POST", "/auth/register"),
        ("POST", "/auth/sign-in/passkey/options"),
    ],
)
def test_another_name_is_not_answered_to(mira, visitor, outbox, host, method, path):
    answer = visitor.ask(method, path, "json", {"Host": host}, json={"identifier": "mira"})

    assert (answer.status_code, answer.json["error"]) == (400, "wrong_host")
    assert EVIL not in answer.text + str(answer.headers)
    assert not outbox.mails


@pytest.mark.parametrize("path", ["/auth//sign-in", "/auth//sign-in/email/link"])
@pytest.mark.parametrize(("host", "status"), [(EVIL, 400), ("acme.example", 404)])
def test_an_address_with_a_slash_too_many_leads_nowhere(visitor, host, status, path):
    """Werkzeug would lead it on before anything of ours looked: to that name, by what seems to be
    the scheme, for good, and with the token of a mailed link in it.
    """
    answer = visitor.get(f"{path}?token=secret", Host=host)

    assert answer.status_code == status
    assert "Location" not in answer.headers


def test_a_mails_links_lead_to_the_site_of_the_settings(mira, visitor, outbox):
    visitor.ask("POST", "/auth/sign-in/email", headers=FORWARDED, data={"identifier": "mira"})

    assert outbox.link.startswith("https://acme.example/auth/sign-in/email/link?token=")
    assert "evil" not in outbox.last.as_string()


def test_the_relying_party_is_that_of_the_settings(mira, visitor):
    begun = visitor.ask("POST", "/auth/sign-in/passkey/options", "json", FORWARDED, json={}).json
    adding = mira.ask("POST", "/auth/account/passkeys/options", "json", FORWARDED, json={}).json

    assert begun["publicKey"]["rpId"] == "acme.example"
    assert adding["publicKey"]["rp"]["id"] == "acme.example"


def test_forwarding_headers_change_nothing_that_is_said(visitor):
    for path in ("/auth/sign-in", "/auth/register", "/auth/account", "/auth/nothing", "/notes"):
        answer = visitor.ask("GET", path, headers=FORWARDED)

        assert "evil" not in answer.text + json.dumps(list(answer.headers))
        cookies = [one for one in answer.headers.getlist("Set-Cookie") if "unlatch" in one]
        assert all(one.startswith("__Host-") and "; Secure;" in one for one in cookies)


@pytest.fixture
def behind_proxy(start_app, visitor):
    """A host that believes its proxy, which passes on what visitors say."""
    app = start_app()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
    return Person(app.test_client(), site=visitor.site)


def test_a_believed_proxy_that_passes_on_a_strangers_host_is_refused(behind_proxy):
    answer = behind_proxy.ask(
        "POST", "/auth/sign-in/passkey/options", "json", {"X-Forwarded-Host": EVIL}, json={}
    )

    assert (answer.status_code, answer.json["error"]) == (400, "wrong_host")


def test_a_proxy_that_says_http_takes_no_cookies_protection(behind_proxy):
    """TLS ends at the proxy: what it says of that decides nothing."""
    answer = behind_proxy.ask("GET", "/auth/sign-in", headers={"X-Forwarded-Proto": "http"})

    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-unlatch-c-")
    assert "; Secure;" in cookie
    assert "Strict-Transport-Security" in answer.headers
