"""What browsers and phones are told of each field: what belongs there, and which keyboard."""

import re

import pytest

FIELDS: dict[str, dict[str, tuple[str, str | None]]] = {
    "/auth/sign-in": {"identifier": ("username webauthn", "email")},
    "/auth/register": {
        "name": ("name", None),
        "username": ("username", None),
        "email": ("email", "email"),
    },
    "/auth/sign-in/email": {"code": ("one-time-code", "text")},
    "/auth/fresh/email": {"code": ("one-time-code", "text")},
    "/auth/account/email": {"code": ("one-time-code", "text"), "email": ("email", "email")},
}


@pytest.mark.parametrize("path", FIELDS)
def test_a_field_says_what_belongs_there_and_names_itself(request, read, clock, path):
    signed_in = path.startswith(("/auth/fresh", "/auth/account"))
    person = request.getfixturevalue("mira" if signed_in else "visitor")
    clock.move(minutes=1)
    if path.endswith("sign-in/email"):
        person.ask_mail()
    elif path.endswith("fresh/email"):
        person.form(path)

    shown = read(person.get(path))

    labels = {a.get("for") for tag, a in shown.elements if tag == "label"}
    for name, (autocomplete, keyboard) in FIELDS[path].items():
        field = shown.field(name)
        assert (field["autocomplete"], field.get("inputmode")) == (autocomplete, keyboard)
        assert field["id"] in labels
        if name != "name":
            assert field["autocapitalize"] in ("none", "characters")
            assert field["spellcheck"] == "false"


def test_the_account_page_tells_all_that_is_kept_of_somebody(mira, confirm, clock, kept):
    confirm(mira)
    mira.add_passkey(type(mira.key)())
    clock.move(hours=2)
    mira.prove_again()
    mira.at_another_browser().sign_in()
    account, (first, second) = kept.account(), mira.passkeys()

    text = " ".join(mira.get("/auth/account").text.split())

    for words in ("Mira Okafor", "mira", "mira@example.com", account.id):
        assert re.search(rf"<dd[^>]*>{re.escape(words)}[ <]", text), words
    assert "confirmed</span>" in text
    assert "not confirmed" not in text
    assert 'Passkeys <span class="unlatch-count">2</span>' in text
    for passkey in (first, second):
        assert passkey["name"] in text
    assert text.count("added <time") == 2
    assert (text.count("· used <time"), text.count("never used yet")) == (1, 1)
    assert ("By creating the account" in text, "By passkey" in text) == (True, True)
