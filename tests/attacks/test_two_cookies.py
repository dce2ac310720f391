"""Cookie tossing: a sub-domain, or another site on the same machine, plants a second cookie of one
of our names, for a longer path so that it comes first, and the victim works in the attacker's
session or asks for mail in his binding.
"""

from email.message import Message
from http.client import HTTPResponse
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import SimpleNamespace
from typing import cast
from urllib.request import Request

import pytest
from people import Person

SESSION = "__Host-unlatch"


def twice(person: Person, path: str, name: str, first: str, second: str, **more):
    """A request whose cookie of that name comes twice, beside what else the browser has."""
    others = [f"{one}={value}" for one, value in person.cookies.items() if one != name]
    crumbs = "; ".join([f"{name}={first}", *others, f"{name}={second}"])
    client = person.client.application.test_client(use_cookies=False)
    browser = Person(client, site=person.site)
    return browser.ask(more.pop("method", "GET"), path, "json", {"Cookie": crumbs}, **more)


def test_of_one_each_counts(mira):
    """So that the refusals below are for the second."""
    crumbs = {"Cookie": f"{SESSION}={mira.cookies[SESSION]}; other=a; other=b"}
    client = mira.client.application.test_client(use_cookies=False)

    assert Person(client, site=mira.site).ask("GET", "/notes", "json", crumbs).status_code == 200


@pytest.mark.parametrize("blank", ["\xa0", "\xc2\xa0", "\xe2\x80\x80"])  # as bytes
def test_one_whose_name_only_looks_like_ours_does_not_count(mira, blank):
    """To a browser it has no `__Host-` in front, so a sub-domain may plant it. Older
    Werkzeugs than 3.1.9 took off what is no blank to a browser.
    """
    crumbs = {"Cookie": f"{blank}{SESSION}={mira.cookies[SESSION]}"}
    client = mira.client.application.test_client(use_cookies=False)

    assert Person(client, site=mira.site).ask("GET", "/notes", "json", crumbs).status_code == 401


def test_quotes_that_were_planted_around_ours_keep_nobody_out(mira):
    """For a longer path one that opens, and for `/` one that closes, as Werkzeug reads them."""
    crumbs = {"Cookie": f'x="; {SESSION}={mira.cookies[SESSION]}; y="'}
    client = mira.client.application.test_client(use_cookies=False)
    browser = Person(client, site=mira.site)

    assert browser.ask("GET", "/notes", "json", crumbs).status_code == 200
    assert browser.ask("POST", "/auth/sign-out", "json", crumbs).status_code == 200
    assert browser.ask("GET", "/notes", "json", crumbs).status_code == 401


@pytest.mark.parametrize("planted_first", [True, False])
def test_of_two_sessions_neither_counts(mira, noah, planted_first):
    tokens = [mira.cookies[SESSION], noah.cookies[SESSION]]

    answer = twice(mira, "/auth/session", SESSION, *tokens[:: -1 if planted_first else 1])

    assert (answer.status_code, answer.json["error"]) == (401, "not_signed_in")


def test_not_even_the_same_one_twice(mira):
    token = mira.cookies[SESSION]

    assert twice(mira, "/auth/session", SESSION, token, token).status_code == 401


def test_one_that_a_script_planted_beside_ours_is_deleted_and_ours_is_not(mira):
    """Partitioned is the one way to have two with `__Host-` (CHIPS, section 3)."""
    answer = twice(mira, "/notes", SESSION, mira.cookies[SESSION], "planted")

    (deleted,) = answer.headers.getlist("Set-Cookie")
    assert deleted.startswith(f"{SESSION}=;")
    assert {"Max-Age=0", "Secure", "Path=/", "Partitioned"} <= set(deleted.split("; "))


@pytest.mark.parametrize("planted_first", [True, False])
def test_who_signs_out_ends_his_own_whatever_was_planted(mira, planted_first):
    values = [mira.cookies[SESSION], "planted"]
    pair = values[:: -1 if planted_first else 1]

    assert twice(mira, "/auth/sign-out", SESSION, *pair, method="POST").status_code == 200

    assert mira.session is None


def test_a_hosts_own_pages_take_neither(mira, noah):
    answer = twice(mira, "/notes", SESSION, noah.cookies[SESSION], mira.cookies[SESSION])

    assert answer.status_code == 401


def test_of_two_bindings_neither_takes_a_code(mira, visitor, noah, outbox):
    noah.sign_out()
    noah.ask_mail()
    visitor.ask_mail("mira")
    name = f"{SESSION}-mail"

    answer = twice(
        visitor,
        "/auth/sign-in/email/code",
        name,
        visitor.cookies[name],
        noah.cookies[name],
        method="POST",
        json={"code": outbox.code},
    )

    assert (answer.status_code, answer.json["error"]) == (401, "mail_gone")


def test_of_two_ceremonies_neither_takes_an_answer(mira, noah):
    mira.sign_out()
    answer = mira.key.get(mira.begin_sign_in())
    (name,) = [one for one in mira.cookies if "-c-" in one][-1:]

    refused = twice(
        mira,
        "/auth/sign-in/passkey",
        name,
        mira.cookies[name],
        "planted",
        method="POST",
        json=answer,
    )

    assert (refused.status_code, refused.json["error"]) == (401, "ceremony_gone")


def test_two_of_ours_do_not_pass_for_none(app, home_origin):
    """A request without any cookie of ours needs no Origin; this one does."""
    client = app.test_client(use_cookies=False)
    crumbs = {"Cookie": f"{SESSION}=a; {SESSION}=b"}

    answer = client.post("/auth/sign-out", base_url=home_origin, headers=crumbs)

    assert answer.status_code == 403


PLANTED = [
    "Path=/auth",
    "Path=/auth/",
    "Path=/auth/sign-in",
    "Path=/; Domain=app.test",
    "Path=/; Domain=dev.app.test",
    "Path=/auth; Domain=dev.app.test",
    "Path=/auth/sign-in; Domain=app.test",
]


@pytest.mark.parametrize(
    ("host", "more", "tries"),
    # At once; where there is more by chance, of which a thousand requests leave nothing.
    [("dev.app.test", 0, 1), ("dev.app.test", 5, 1000), ("a.b.dev.app.test", 0, 1000)],
)
@pytest.mark.parametrize("place", PLANTED)
def test_by_plain_http_a_visitor_is_rid_of_what_was_planted(start_app, place, host, more, tries):
    """In development no `__Host-` keeps them out; the standard library's jar stands for the
    browser, because the test client's knows one place for a name.
    """
    site = f"http://{host}"
    app = start_app(UNLATCH_DEVELOPMENT="1", UNLATCH_ORIGIN=site, UNLATCH_MAIL_SERVER=None)
    client = app.test_client(use_cookies=False)
    jar = CookieJar(DefaultCookiePolicy(rfc2965=False, netscape=True))

    def ask(method, path, **body):
        request = Request(f"{site}{path}")
        jar.add_cookie_header(request)
        headers = {"Origin": site, "Cookie": request.get_header("Cookie", "")}
        answer = client.open(path, method=method, base_url=site, headers=headers, **body)
        keep(jar, answer.headers.getlist("Set-Cookie"), request)
        return answer

    ask("POST", "/auth/register", data={"username": "ada", "email": "ada@example.com"})
    (name,) = {one.name for one in jar if len(one.value or "") == 43}
    there = Request(f"{site}/auth/sign-in/x")
    for number in range(more):  # names that would be cleared first
        junk = f"{name}-{number}=planted"
        keep(jar, [f"{junk}; Path=/auth", f"{junk}; Path=/auth/sign-in"], there)
    keep(jar, [f"{name}=planted; {place}"], there)

    assert ask("GET", "/auth/sign-in").status_code == 200  # neither counts: asked who it is
    assert any(ask("GET", "/auth/sign-in").location == "/auth/account" for _ in range(tries))
    assert ask("GET", "/auth/session").status_code == 200


@pytest.mark.parametrize(
    ("planted", "length"),
    [(["-{}"] * 50, 40), (["-" + "x" * 3000], 3000), (["-{}" + "x" * 50] * 50, 40)],
)
def test_whoever_plants_many_makes_no_answer_large(start_app, planted, length):
    """No proxy passes it on then, and the page would be gone with what was planted."""
    site = "http://dev.app.test"
    app = start_app(UNLATCH_DEVELOPMENT="1", UNLATCH_ORIGIN=site, UNLATCH_MAIL_SERVER=None)
    client = app.test_client(use_cookies=False)
    begun = client.post("/auth/sign-in/passkey/options", json={}, base_url=site)
    ours = begun.headers["Set-Cookie"].partition("-c-")[0]
    names = [(ours + one.format(number))[:length] for number, one in enumerate(planted)]
    twice = "; ".join(f"{name}=a; {name}=b" for name in names)

    answer = client.get(f"/notes{('/' + 'a' * 300) * 20}", base_url=site, headers={"Cookie": twice})

    assert answer.status_code == 303
    assert len(str(answer.headers)) < 4_000


@pytest.mark.parametrize("planted", ["-\xc3\xa9", "-" + "x" * 24, "x", "- mail", "-,a"])
def test_what_has_no_name_of_ours_is_not_deleted(mira, planted):
    """It could not be under its own name, which goes out in other bytes, and again and again."""
    pair = f"{SESSION}{planted}=a; {SESSION}{planted}=b"
    crumbs = {"Cookie": f"{SESSION}={mira.cookies[SESSION]}; {pair}"}
    client = mira.client.application.test_client(use_cookies=False)

    answer = Person(client, site=mira.site).ask("GET", "/notes", "json", crumbs)

    assert answer.status_code == 200
    assert not answer.headers.getlist("Set-Cookie")


def keep(jar: CookieJar, cookies: list[str], request: Request) -> None:
    """What the jar takes of an answer is its headers, as `info()`."""
    headers = Message()
    for cookie in cookies:
        headers["Set-Cookie"] = cookie
    jar.extract_cookies(cast(HTTPResponse, SimpleNamespace(info=lambda: headers)), request)
