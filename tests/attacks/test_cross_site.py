"""Cross-site request forgery: another site's page makes the victim's browser ask us for a change,
with her cookies: by a form, by fetch, from a sandboxed frame, from a sub-domain, or by a link.
"""

import pytest

OURS = "https://acme.example"
FORGED = {
    "a form": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "an older browser": {"Origin": "https://evil.example"},
    "a sandboxed frame": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "a redirect between sites": {"Origin": "null"},
    "a sub-domain": {"Origin": "https://blog.acme.example", "Sec-Fetch-Site": "same-site"},
    "another port": {"Origin": "https://acme.example:8443", "Sec-Fetch-Site": "same-site"},
    "plain http": {"Origin": "http://acme.example", "Sec-Fetch-Site": "cross-site"},
    "a name that begins like ours": {"Origin": "https://acme.example.evil.example"},
    "a stripped Origin": {"Sec-Fetch-Site": "cross-site"},
    "both stripped": {},
    "our Referer alone": {"Referer": "https://acme.example/auth/account"},
}
OWN = {
    "by its Origin": {"Origin": OURS},
    "by its Origin, before all else": {"Origin": OURS, "Sec-Fetch-Site": "cross-site"},
    "by Sec-Fetch-Site": {"Sec-Fetch-Site": "same-origin"},
    "by hand": {"Sec-Fetch-Site": "none"},
    "without referrer": {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
}


def changes(app):
    """Every address of ours that takes a change, also those that are added one day."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("unlatch."):
            path = rule.build(dict.fromkeys(rule.arguments, "x"))[1]
            found |= {(method, path) for method in rule.methods - {"GET", "HEAD", "OPTIONS"}}
    return sorted(found)


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_no_address_takes_a_change_from_elsewhere(app, mira, headers):
    asked = changes(app)
    assert len(asked) > 20

    for method, path in asked:
        answer = mira.client.open(
            path, method=method, base_url=OURS, headers=headers, data={"identifier": "mira"}
        )
        assert answer.status_code == 403, (method, path)
        assert not [one for one in answer.headers.getlist("Set-Cookie") if "unlatch" in one]
    assert mira.method == "registration"


@pytest.mark.parametrize("headers", OWN.values(), ids=OWN)
def test_our_own_pages_may(mira, headers):
    answer = mira.client.post("/auth/sign-out", base_url=OURS, headers=headers)

    assert answer.status_code == 303
    assert mira.session is None


def test_what_is_no_browser_uses_nobodys_rights(app, visitor, mira):
    """Neither header and no cookie of ours: a script, or a host's test client."""
    answer = visitor.client.post("/auth/sign-out", base_url=OURS)
    forged = mira.client.post("/auth/sign-out", base_url=OURS)

    assert (answer.status_code, forged.status_code) == (303, 403)


def test_nothing_is_changed_by_a_link(app, mira):
    """GET and HEAD of every address that takes a change: none of them makes it."""
    before = (mira.session, mira.passkeys())

    for _, path in changes(app):
        for method in ("GET", "HEAD"):
            mira.client.open(
                path,
                method=method,
                base_url=OURS,
                headers={"Sec-Fetch-Site": "cross-site"},
                query_string={"_method": "POST"},
            )

    assert (mira.session, mira.passkeys()) == before


def test_no_page_of_another_site_may_read_ours(mira):
    """No CORS: not even a preflight is answered with a yes."""
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET"):
        answer = mira.client.open("/auth/session", method=method, base_url=OURS, headers=asks)

        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
