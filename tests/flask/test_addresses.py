"""Every address of the contract, asked well, in its three faces: a whole page (or 303 to one),
htmx's fragment (with the address to push, or where to go), JSON.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest


class Address(NamedTuple):
    """Attributes:
    who: `visitor`, or `mira` who is signed in and has a passkey.
    to: Where it leads; what ends with `=` goes on with something random.
    says: Words on the page or the fragment; none where htmx is sent elsewhere too.
    told: What programs are told.
    body: Fields of the form, the same for programs.
    before: What must have happened: one of BEFORE, or an address posted to.
    """

    who: str
    method: str
    path: str
    to: str
    says: str
    told: tuple[str, ...]
    status: int = 200
    body: Mapping[str, str] = MappingProxyType({})
    before: str = ""


def shows(who: str, path: str, says: str, *keys: str, **more: Any) -> Address:
    """An address that has something to show."""
    return Address(who, "GET", path, "", says, keys, **more)


def leads(
    who: str, method: str, path: str, to: str, *keys: str, says: str = "", **more: Any
) -> Address:
    """An address that leads to another page."""
    return Address(who, method, path, f"/auth{to}", says, keys or ("next",), **more)


ADA = {"name": "Ada", "username": "ada", "email": "ada@example.com"}
MIRA = {"identifier": "mira"}
SENT = ("sent", "expires_in")
WAITING = ("sent_to", "expires_in", "resend_in")
PASSKEY = "/account/passkeys/{passkey}"

ADDRESSES = [
    shows("visitor", "/register", "Create your account", "registration", "fields"),
    leads("visitor", "POST", "/register", "/account/passkeys/new?first=1", "account", "next",
          says="Set up a passkey", body=ADA, status=201),
    leads("mira", "GET", "/register", "/account"),
    shows("visitor", "/sign-in", "Email or username", "step", "publicKey"),
    leads("mira", "GET", "/sign-in", "/account"),
    leads("visitor", "POST", "/sign-in", "/sign-in?who=",
          says="Email me a sign-in link", body=MIRA),
    leads("visitor", "POST", "/sign-in/switch", "/sign-in", says="Email or username"),
    leads("visitor", "POST", "/sign-in/email", "/sign-in/email", *SENT,
          says="Check your email", body=MIRA),
    shows("visitor", "/sign-in/email", "Check your email", *WAITING, before="/sign-in/email"),
    leads("visitor", "GET", "/sign-in/email", "/sign-in"),
    Address("mira", "POST", "/sign-out", "/auth/sign-in", says="", told=()),
    shows("mira", "/account", "Your account", "account", "passkeys", "session"),
    shows("mira", "/account/passkeys/new", "Create a passkey", "options", "finish"),
    shows("mira", f"{PASSKEY}/rename", "Rename", "passkey"),
    leads("mira", "POST", f"{PASSKEY}/rename", "/account",
          says="Blue key", body={"name": "Blue key"}),
    shows("mira", f"{PASSKEY}/remove", "Remove this passkey", "passkey", "last",
          before="add_another"),
    leads("mira", "POST", f"{PASSKEY}/remove", "/account",
          says="Passkey removed", before="add_another"),
    leads("mira", "POST", "/account/sessions/{session}/end", "/account", says="Signed out there",
          before="elsewhere_too"),
    shows("mira", "/account/email", "enter it here to confirm", "account", *WAITING),
    leads("mira", "POST", "/account/email", "/account/email", *SENT, says="right@example.com",
          body={"email": "right@example.com"}),
    leads("mira", "POST", "/account/email/confirm", "/account/email", *SENT,
          says="mira@example.com"),
    shows("mira", "/fresh", "Is it still you?", "what", "passkey", "email"),
    leads("mira", "POST", "/fresh/email", "/fresh/email", *SENT, says="Confirm it&#39;s me"),
    shows("mira", "/fresh/email", "Check your email", *WAITING, before="/fresh/email"),
    leads("mira", "GET", "/fresh/email", "/fresh"),
    shows("mira", "/account/nothing", "Nothing here", "error", "message", status=404),
    leads("visitor", "GET", "/account", "/sign-in?next=/auth/account",
          "error", "message", status=401),
    shows("visitor", "/dev/mailbox", "Development mailbox"),
]  # fmt: skip


def name_of(address: Address) -> str:
    return f"{address.who} {address.method} {address.path} {address.before}".strip()


everywhere = pytest.mark.parametrize("address", ADDRESSES, ids=name_of)


def add_another(mira, clock) -> None:
    mira.add_passkey(type(mira.key)())


def elsewhere_too(mira, clock) -> None:
    assert mira.at_another_browser().sign_in().status_code == 200


def a_minute(mira, clock) -> None:
    clock.move(minutes=1)


BEFORE = {"": a_minute, "add_another": add_another, "elsewhere_too": elsewhere_too}


@pytest.fixture
def ask(request, clock, mira, read) -> Callable[[Address, str], Any]:
    """`ask(address, face)`, after what must have happened before."""

    def in_face(address: Address, face: str) -> Any:
        person = request.getfixturevalue(address.who)
        if address.before.startswith("/"):
            person.form(f"/auth{address.before}", identifier="mira")
        else:
            BEFORE[address.before](mira, clock)
        path = f"/auth{address.path}"
        if "{passkey}" in path:
            path = path.format(passkey=mira.passkeys()[-1]["id"])
        if "{session}" in path:
            (path,) = [a for a in read(mira.get("/auth/account")).actions() if a.endswith("/end")]
        if face == "json" and address.method == "POST":
            return person.json(path, dict(address.body))
        return person.ask(address.method, path, face, data=dict(address.body) or None)

    return in_face


@everywhere
def test_a_page_is_whole_or_leads_to_one(ask, address):
    answer = ask(address, "page")

    assert answer.mimetype == "text/html"
    if address.to:
        assert answer.status_code == 303
        assert_leads(answer.location, address.to)
    else:
        assert answer.status_code == address.status
        assert answer.text.startswith("<!doctype html>")
        assert answer.text.count("<h1") == 1
        assert address.says in answer.text


@everywhere
def test_htmx_gets_a_fragment_or_is_told_where_to_go(ask, address):
    answer = ask(address, "htmx")

    if address.says:
        assert answer.status_code == (200 if address.to else address.status)
        assert "<html" not in answer.text
        assert 'id="unlatch-card"' in answer.text
        assert address.says in answer.text
        assert_leads(answer.headers.get("HX-Push-Url", ""), address.to)
        assert "HX-Redirect" not in answer.headers
    else:
        assert (answer.status_code, answer.text) == (200, "")
        assert_leads(answer.headers["HX-Redirect"], address.to)


@everywhere
def test_programs_get_json(ask, address):
    answer = ask(address, "json")

    assert (answer.status_code, answer.mimetype) == (address.status, "application/json")
    assert [key for key in address.told if key not in answer.json] == []
    if "next" in address.told:
        assert_leads(answer.json["next"], address.to)


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
        {"HX-Request": "true", "HX-Request-Type": "full"},
        {"HX-Request": "false"},
    ],
)
def test_htmx_gets_whole_pages_where_it_will_replace_the_whole(visitor, headers):
    answer = visitor.ask("GET", "/auth/sign-in", headers=headers)

    assert answer.text.startswith("<!doctype html>")


def test_htmx_gets_a_fragment_of_what_it_asks_in_part(visitor):
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}

    assert "<html" not in visitor.ask("GET", "/auth/sign-in", headers=headers).text


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/json, text/plain, */*",
        "text/html;q=0.8, application/json",
    ],
)
def test_whoever_would_rather_have_json_gets_it(visitor, accept):
    assert visitor.get("/auth/account", Accept=accept).mimetype == "application/json"


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/html",
        "text/html, application/json;q=0.9",
        "nonsense",
        "application/*;q=0.1, text/*",
    ],
)
def test_whoever_would_rather_have_a_page_gets_it(visitor, accept):
    assert visitor.get("/auth/nothing", Accept=accept).mimetype == "text/html"


def test_a_wish_that_takes_long_to_read_is_not_read(visitor):
    """A few who send such could stop the site."""
    accept = "application/json" + ",a/b" * 300

    assert visitor.get("/auth/nothing", Accept=accept).mimetype == "text/html"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/sign-in/passkey/options"),
        ("POST", "/auth/sign-in/passkey"),
        ("POST", "/auth/account/passkeys/options"),
        ("POST", "/auth/account/passkeys"),
        ("GET", "/auth/account/passkeys"),
        ("PATCH", "/auth/account/passkeys/x"),
        ("DELETE", "/auth/account/passkeys/x"),
        ("POST", "/auth/fresh/passkey/options"),
        ("POST", "/auth/fresh/passkey"),
        ("GET", "/auth/session"),
    ],
)
@pytest.mark.parametrize("face", ["page", "htmx"])
def test_addresses_that_speak_json_always_do(visitor, method, path, face):
    answer = visitor.ask(method, path, face)

    assert answer.mimetype == "application/json"


def test_options_to_sign_in_are_those_of_the_specification(visitor):
    options = visitor.begin_sign_in()["publicKey"]

    assert options["rpId"] == "localhost"
    assert options["userVerification"] == "required"
    assert options["timeout"] == 300_000
    assert options["allowCredentials"] == []
    assert len(options["challenge"]) == 43


def test_options_to_add_a_passkey_are_those_of_the_specification(mira, kept):
    options = mira.begin_passkey()["publicKey"]

    assert options["rp"] == {"id": "localhost", "name": "Acme Notes"}
    assert options["user"]["name"] == "mira"
    assert options["user"]["displayName"] == "Mira Okafor"
    assert len(kept.account().user_handle) == 64
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257, -48, -49]
    assert options["attestation"] == "none"
    assert options["timeout"] == 300_000
    assert options["extensions"] == {"credProps": True}
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }


def test_programs_change_passkeys_by_their_id(mira):
    mira.add_passkey(type(mira.key)())
    first, second = (one["id"] for one in mira.passkeys())

    renamed = mira.json(f"/auth/account/passkeys/{first}", {"name": " Blue  key "}, "PATCH")
    removed = mira.json(f"/auth/account/passkeys/{second}", method="DELETE")

    assert (renamed.status_code, renamed.json["passkey"]["name"]) == (200, "Blue key")
    assert (removed.status_code, removed.json["passkey"]["id"]) == (200, second)
    assert [one["name"] for one in mira.passkeys()] == ["Blue key"]


def test_a_passkey_is_shown_without_what_only_we_need(mira):
    (passkey,) = mira.passkeys()

    assert set(passkey) == {"id", "name", "provider", "synced", "added_at", "last_used_at"}


def test_the_session_is_told_to_programs(mira, clock):
    mira.sign_out()
    mira.sign_in()

    told = mira.session

    noon = 1_782_907_200
    assert told["account"]["username"] == "mira"
    assert told["account"]["name"] == "Mira Okafor"
    assert told["account"]["email"] is None
    assert told["account"]["unconfirmed_email"] == "mira@example.com"
    assert told["method"] == "passkey"
    assert told["signed_in_at"] == noon
    assert told["fresh_until"] == noon + 300
    assert told["expires_at"] == noon + 30 * 86_400


def test_the_session_of_nobody_is_401(visitor):
    answer = visitor.get("/auth/session", "json")

    assert (answer.status_code, answer.json["error"]) == (401, "not_signed_in")


def test_the_mailbox_of_development_is_told_to_programs(app, mira):
    app.extensions["unlatch"].sender.worker = "inline"
    mira.form("/auth/fresh/email")

    newest, *_, oldest = mira.get("/auth/dev/mailbox", "json").json

    assert {"to", "subject", "text", "html", "link", "code"} <= set(newest)
    assert newest["to"] == "mira@example.com"
    assert newest["code"]
    assert newest["link"] is None
    assert oldest["link"].startswith("http://localhost/auth/account/email/link?token=")


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Server",
        "X-Real-IP",
        "X-Client-IP",
        "CF-Connecting-IP",
        "Via",
    ],
)
def test_nobody_reads_the_mailbox_through_a_proxy(visitor, header):
    assert visitor.ask("GET", "/auth/dev/mailbox", headers={header: "x"}).status_code == 404


def test_nobody_reads_the_mailbox_through_a_proxy_that_adds_nothing(visitor):
    """nginx with `proxy_pass` alone: by HTTP/1.0, which no browser speaks."""
    answer = visitor.ask(
        "GET", "/auth/dev/mailbox", environ_overrides={"SERVER_PROTOCOL": "HTTP/1.0"}
    )

    assert answer.status_code == 404


def test_there_is_no_mailbox_at_an_https_site(new_app):
    client = new_app(UNLATCH_ORIGIN="https://example.com").test_client()

    answer = client.get("/auth/dev/mailbox", base_url="https://example.com")

    assert answer.status_code == 404


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "", "nonsense"])
def test_nobody_reads_the_mailbox_from_another_machine(visitor, peer):
    answer = visitor.ask("GET", "/auth/dev/mailbox", environ_base={"REMOTE_ADDR": peer})

    assert answer.status_code == 404


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
def test_developers_read_the_mailbox_on_their_machine(visitor, peer):
    answer = visitor.ask("GET", "/auth/dev/mailbox", environ_base={"REMOTE_ADDR": peer})

    assert answer.status_code == 200


def test_there_is_no_mailbox_where_a_mail_server_is_set(new_app):
    app = new_app(UNLATCH_MAIL_SERVER="smtp.example.com", UNLATCH_MAIL_FROM="a@example.com")

    assert app.test_client().get("/auth/dev/mailbox").status_code == 404


@pytest.mark.parametrize(
    "path", ["/auth/nothing", "/auth/sign-out", "/auth/account/passkeys/x/y", "/auth/%00"]
)
def test_unknown_addresses_under_the_prefix_are_404_in_our_look(visitor, path):
    answer = visitor.get(path)

    assert answer.status_code == 404
    assert "Nothing here" in answer.text
    assert "unlatch-card" in answer.text


def test_unknown_addresses_of_the_host_stay_the_hosts(visitor):
    answer = visitor.get("/nothing")

    assert answer.status_code == 404
    assert "unlatch" not in answer.text
    assert "Content-Security-Policy" not in answer.headers


def assert_leads(where: str, to: str) -> None:
    """To that address, or where it ends with `=` to one that begins so."""
    if to.endswith("="):
        assert where.startswith(to)
        assert len(where) > len(to)
    else:
        assert where == to


def test_in_development_every_page_leads_to_the_mailbox(visitor, read):
    for path in ("/auth/sign-in", "/auth/register", "/auth/nothing"):
        links = [a.get("href") for tag, a in read(visitor.get(path)).elements if tag == "a"]
        assert "/auth/dev/mailbox" in links
