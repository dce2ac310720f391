"""A link to our sign-in page with a `next` that leads to the attacker's copy of it afterwards."""

from urllib.parse import quote

import pytest

EVIL = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\r\n/evil.example",
    " //evil.example",
    "/%5cevil.example",
    "/%2Fevil.example",
    "javascript:alert(1)",
    "@evil.example",
    "https:evil.example",
    "//acme.example@evil.example",
    "/notes\r\nLocation: https://evil.example",
]


@pytest.mark.parametrize("path", EVIL)
def test_no_way_of_signing_in_leads_there(mira, visitor, outbox, path):
    there = quote(path, safe="")
    led = [mira.get(f"/auth/sign-in?next={there}").location]  # signed in already
    mira.sign_out()
    led.append(mira.sign_in(there).json["next"])
    led.append(mira.prove_again(there).json["next"])
    visitor.ask_mail("mira", next=path)
    led.append(visitor.type_code(outbox.code).location)
    visitor.form("/auth/fresh/email", next=path)
    led.append(visitor.form("/auth/fresh/email/code", code=outbox.code, next=path).location)

    assert led == ["/auth/account"] * 5


@pytest.mark.parametrize("path", EVIL)
@pytest.mark.parametrize("face", ["page", "htmx"])
def test_no_form_carries_it_along(visitor, path, face):
    for page in (
        visitor.get(f"/auth/sign-in?next={quote(path, safe='')}", face),
        visitor.ask("POST", "/auth/sign-in", face, data={"identifier": "mira", "next": path}),
    ):
        assert "evil" not in page.text + str(page.headers)
        assert "javascript:" not in page.text


def test_a_way_back_of_our_own_is_kept(mira):
    mira.sign_out()

    assert mira.sign_in("/notes").json["next"] == "/notes"
