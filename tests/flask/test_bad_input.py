"""Whatever is sent to an address that changes something, the answer is one of ours: never a
500, and for programs always an error with a reason and words.

One app serves the whole of it, since nothing here gets through.
"""

import json
import re
from collections.abc import Iterator
from itertools import count, product
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask

pytestmark = pytest.mark.slow
numbers = count(1)

FORM, JSON_ONLY, NO_BODY = "form", "JSON", "no body"
SOME_ID = "00000000-0000-4000-8000-000000000000"


class Address(NamedTuple):
    """Attributes:
    fields: What it reads from the body.
    """

    method: str
    path: str
    takes: str
    fields: tuple[str, ...] = ()


ADDRESSES = [
    Address("POST", "/register", FORM, ("name", "username", "email", "next")),
    Address("POST", "/sign-in", FORM, ("identifier", "next")),
    Address("POST", "/sign-in/switch", FORM, ("next",)),
    Address("POST", "/sign-in/passkey/options", JSON_ONLY, ("identifier", "remembered")),
    Address("POST", "/sign-in/passkey", JSON_ONLY, ("id", "rawId", "type", "response")),
    Address("POST", "/sign-in/email", FORM, ("identifier", "next")),
    Address("POST", "/sign-in/email/link", FORM),
    Address("POST", "/sign-in/email/code", FORM, ("code", "next")),
    Address("POST", "/sign-out", FORM),
    Address("POST", "/account/passkeys/options", NO_BODY),
    Address("POST", "/account/passkeys", JSON_ONLY, ("id", "rawId", "type", "response")),
    Address("PATCH", f"/account/passkeys/{SOME_ID}", JSON_ONLY, ("name",)),
    Address("DELETE", f"/account/passkeys/{SOME_ID}", NO_BODY),
    Address("POST", f"/account/passkeys/{SOME_ID}/rename", FORM, ("name",)),
    Address("POST", f"/account/passkeys/{SOME_ID}/remove", FORM),
    Address("POST", f"/account/sessions/{SOME_ID}/end", FORM),
    Address("POST", "/account/email/confirm", FORM, ("next",)),
    Address("POST", "/account/email/code", FORM, ("code", "next")),
    Address("POST", "/account/email/link", FORM),
    Address("POST", "/account/email", FORM, ("email", "next")),
    Address("POST", "/fresh/passkey/options", NO_BODY),
    Address("POST", "/fresh/passkey", JSON_ONLY, ("id", "rawId", "type", "response")),
    Address("POST", "/fresh/email", FORM, ("next",)),
    Address("POST", "/fresh/email/code", FORM, ("code", "next")),
]

NOT_OBJECTS = {
    "nothing": b"",
    "not JSON": b"{not json",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "a list": b"[]",
    "a number": b"7",
    "a text": b'"x"',
    "null": b"null",
    "infinity": b"Infinity",
    "10,000 lists deep": b"[" * 10_000 + b"]" * 10_000,
    "10,000 objects deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "an integer of 5,000 digits": b'{"name": ' + b"9" * 5_000 + b"}",
}

WRONG_VALUES = {
    "missing": None,
    "empty": '""',
    "null": "null",
    "a number": "7",
    "a truth": "true",
    "a list": "[]",
    "an object": '{"a": 1}',
    "NUL": '"a\\u0000b"',
    "a lone surrogate": '"a\\ud800b"',
    "line breaks": '"a\\r\\nSet-Cookie: a=b"',
    "too long": '"' + "x" * 60_000 + '"',
    "a long address": '"' + "x" * 300 + '@example.com"',
    "25,000 combining marks": json.dumps("\u0301\u0323" * 12_500, ensure_ascii=False),
    "right to left": '"\\u202ea"',
    "far too wide": json.dumps("\ufdfa" * 300),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    from unlatch import Unlatch

    folder: Path = tmp_path_factory.mktemp("bad-input")
    app = Flask("host", instance_path=str(folder))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=True, UNLATCH_DATABASE_URL="memory:")
    Unlatch(app)
    app.extensions["unlatch"].sender.worker = "external"
    yield app
    app.extensions["unlatch"].stores.close()


@pytest.fixture
def signed_in_cookie(site) -> str:
    """Of a session of its own for each test: some of what is sent ends it."""
    client, name = site.test_client(), f"m{next(numbers)}-abc"
    form = {"username": name, "email": f"{name}@example.com"}
    assert client.post("/auth/register", data=form).status_code == 303
    (cookie,) = [c for c in client._cookies.values() if c.decoded_key == "unlatch-80"]
    return str(cookie.decoded_value)


@pytest.fixture
def send(site, signed_in_cookie):
    """`send(address, body, content_type, signed_in=…)`: by a client of its own each time, so
    that nothing a request sets is met by the next.
    """

    def request(
        address: Address,
        body: bytes,
        content_type: str | None,
        *,
        signed_in: bool,
        accept: str = "application/json",
    ):
        client = site.test_client()
        if signed_in:
            client.set_cookie("unlatch-80", signed_in_cookie)
        return client.open(
            f"/auth{address.path}",
            method=address.method,
            headers={"Origin": "http://localhost", "Accept": accept},
            data=body,
            content_type=content_type,
        )

    return request


def is_refusal(answer, *statuses: int) -> bool:
    return (
        answer.status_code in statuses
        and answer.mimetype == "application/json"
        and isinstance(answer.json["error"], str)
        and isinstance(answer.json["message"], str)
    )


def matrix(*parts):
    """Every combination, under a name of its own."""
    return [pytest.param(*one, id=" - ".join(map(name_of, one))) for one in product(*parts)]


def name_of(part: object) -> str:
    if isinstance(part, Address):
        return f"{part.method} {part.path.replace(SOME_ID, '…')}"
    return "signed in" if part else "anonymous"


TAKING_JSON = [one for one in ADDRESSES if one.takes is JSON_ONLY]
TAKING_FIELDS = [one for one in ADDRESSES if one.fields]


@pytest.mark.parametrize(("address", "signed_in"), matrix(ADDRESSES, [False, True]))
def test_a_body_that_is_no_object_is_refused_in_one_shape(send, address, signed_in):
    for name, body in NOT_OBJECTS.items():
        answer = send(address, body, "application/json", signed_in=signed_in)

        allowed = {400, 401, 403, 404} if address.takes is JSON_ONLY else {400, 401, 403, 404, 422}
        if address.takes is JSON_ONLY or (address.fields and address.fields != ("next",)):
            assert is_refusal(answer, *allowed), (name, answer.status, answer.text)
        else:  # it reads none of the body
            assert answer.status_code < 500, name
            assert answer.mimetype == "application/json"


@pytest.mark.parametrize(("address", "signed_in"), matrix(TAKING_FIELDS, [False, True]))
def test_no_value_of_a_field_breaks_anything(send, address, signed_in):
    for field in address.fields:
        for name, value in WRONG_VALUES.items():
            others = {one: '"abc"' for one in address.fields if one != field}
            if value is not None:
                others[field] = value
            body = "{" + ", ".join(f'"{key}": {said}' for key, said in others.items()) + "}"

            answer = send(address, body.encode(), "application/json", signed_in=signed_in)

            assert answer.mimetype == "application/json", (field, name)
            if answer.status_code >= 400:
                assert is_refusal(answer, 400, 401, 403, 404, 409, 422, 429), (field, name)


@pytest.mark.parametrize(("address", "signed_in"), matrix(TAKING_FIELDS, [False, True]))
def test_no_form_breaks_anything(send, address, signed_in):
    values = ["", "%00", "%FF%FE", "%ED%A0%80", "%0D%0A", "x" * 60_000, "%CC%81" * 9_000]
    for field, value in product(address.fields, values):
        body = "&".join(f"{one}={value if one == field else 'abc'}" for one in address.fields)
        type_ = "application/x-www-form-urlencoded"

        as_json = send(address, body.encode(), type_, signed_in=signed_in)
        as_page = send(address, body.encode(), type_, signed_in=signed_in, accept="text/html")

        assert as_json.mimetype == "application/json"
        assert as_json.status_code < 500, (field, value[:20])
        assert as_page.status_code < 500, (field, value[:20])
        if address.takes is JSON_ONLY:
            expected = (415,) if signed_in or address.path.startswith("/sign-in") else (401,)
            assert is_refusal(as_json, *expected)


@pytest.mark.parametrize("address", TAKING_JSON, ids=name_of)
@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", None],
)
def test_where_json_is_wanted_nothing_else_will_do(send, address, content_type):
    """A page of another site can send these without asking; JSON it cannot."""
    answer = send(address, b"{}", content_type, signed_in=True)

    assert is_refusal(answer, 415)
    assert answer.json["error"] == "unsupported_media_type"


@pytest.mark.parametrize(("address", "signed_in"), matrix(ADDRESSES, [False, True]))
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"]
)
def test_a_megabyte_is_too_large_for_every_address(send, address, signed_in, content_type):
    answer = send(address, b"x" * 1_000_000, content_type, signed_in=signed_in)

    assert is_refusal(answer, 413)
    assert answer.json["error"] == "too_large"


@pytest.mark.parametrize(
    "address",
    [one for one in ADDRESSES if one.path.startswith(("/account", "/fresh"))],
    ids=name_of,
)
def test_what_is_the_accounts_wants_somebody_signed_in(send, address):
    answer = send(address, b"{}", "application/json", signed_in=False)

    assert is_refusal(answer, 401)
    assert answer.json["error"] == "not_signed_in"
    assert answer.json["next"].startswith("/auth/sign-in")


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"clientDataJSON": ""},
        {"clientDataJSON": "e30"},
        {"clientDataJSON": "e30="},
        {"clientDataJSON": "e3 0"},
        {"clientDataJSON": "W10"},
        {"clientDataJSON": "_w"},
        {"clientDataJSON": "é"},
        {"clientDataJSON": "A" * 20_000},
        {"clientDataJSON": 7},
    ],
    ids=str,
)
def test_a_credential_that_holds_no_client_data_is_malformed(send, response):
    body = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response}

    for path in ("/sign-in/passkey", "/account/passkeys", "/fresh/passkey"):
        address = Address("POST", path, JSON_ONLY)
        answer = send(address, json.dumps(body).encode(), "application/json", signed_in=True)
        assert is_refusal(answer, 400), path
        assert answer.json["error"] == "malformed"


@pytest.mark.parametrize("face", ["application/json", "text/html"])
def test_no_bytes_in_a_query_break_anything(site, signed_in_cookie, face):
    """Browsers write ASCII there; others write what they like."""
    rules = [one for one in site.url_map.iter_rules() if one.endpoint.startswith("unlatch.")]
    for rule in rules:
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in rule.methods - {"OPTIONS"}:
            for query in ("next=\xff", "token=\xff\xfe", "who=\xff", "first=\xff"):
                client = site.test_client()
                client.set_cookie("unlatch-80", signed_in_cookie)
                answer = client.open(
                    path,
                    method=method,
                    headers={"Accept": face, "Origin": "http://localhost"},
                    environ_overrides={"QUERY_STRING": query},
                )
                assert answer.status_code == 400, (method, path, query)


def test_the_table_above_is_complete(site):
    """A new address that changes something must come into the table."""
    served = {
        (method, rule.rule.removeprefix("/auth").replace("<passkey_id>", SOME_ID))
        for rule in site.url_map.iter_rules()
        if rule.endpoint.startswith("unlatch.") and rule.endpoint != "unlatch.unknown"
        for method in rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
    }
    served = {(method, path.replace("<session_id>", SOME_ID)) for method, path in served}

    assert served == {(one.method, one.path) for one in ADDRESSES}
