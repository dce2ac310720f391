"""A name that is more than a name: markup that runs, text that turns around what stands beside
it, line breaks that add a header to a mail or a line to a log.
"""

import json
import unicodedata

import pytest
from people import Page

MARKUP = "<img src=x onerror=alert(1)>\"'{{1234*4321}}</title>&amp;"
PRODUCT = "5332114"  # what a template would make of it
TURNED = "Mira\u202e\u2066 \u200f\x07\x1b[31m\r\nBcc: x@evil.example\u2028\x85"
SEEN = "Mira [31m Bcc: x@evil.example"


def is_plain(text):
    """Without what controls: only the line breaks and tabs that we write ourselves."""
    return not [c for c in text if unicodedata.category(c).startswith("C") and c not in "\n\r\t"]


def is_text(page):
    """Whether no name became an element, or an attribute, of this page."""
    read = Page(page.text)
    tags = {tag for tag, _ in read.elements}
    attributes = {name for _, a in read.elements for name in a}
    return "img" not in tags and "onerror" not in attributes and PRODUCT not in page.text


@pytest.fixture
def named(visitor, outbox):
    """`named(name)`: somebody called that, with a confirmed address and a passkey of that name."""

    def make(name):
        visitor.register(name=name)
        visitor.form("/auth/account/email/code", code=outbox.code)
        assert visitor.add_passkey().status_code == 201
        (passkey,) = visitor.passkeys()
        visitor.json(f"/auth/account/passkeys/{passkey['id']}", {"name": name}, "PATCH")
        return visitor

    return make


@pytest.mark.parametrize("name", [MARKUP, TURNED], ids=["markup", "turned around"])
def test_it_is_text_on_every_page(named, name):
    person = named(name)
    (passkey,) = person.passkeys()
    one = f"/auth/account/passkeys/{passkey['id']}"
    paths = [
        "/auth/account",
        f"{one}/rename",
        f"{one}/remove",
        "/auth/fresh",
        "/auth/account/email",
    ]

    pages = [person.get(path, face) for path in paths for face in ("page", "htmx")]
    person.sign_out()
    pages += [person.get("/auth/sign-in", face) for face in ("page", "htmx")]  # "Welcome back"

    for page in pages:
        assert page.status_code == 200
        assert is_text(page)
        assert is_plain(page.text)


def test_it_is_said_as_it_is_seen_in_json(named):
    person = named(TURNED)

    assert person.session["account"]["name"] == SEEN
    assert person.passkeys()[0]["name"] == SEEN


def test_markup_is_kept_as_the_text_it_is(named):
    """Escaped where it is shown, and not before: a program gets what was typed."""
    assert named(MARKUP).session["account"]["name"] == MARKUP


@pytest.mark.parametrize("name", [MARKUP, TURNED], ids=["markup", "turned around"])
def test_it_is_text_in_every_mail(named, outbox, name, clock):
    person = named(name)
    person.form("/auth/fresh/email")
    person.prove_again()
    person.json(f"/auth/account/passkeys/{person.passkeys()[0]['id']}", method="DELETE")
    person.sign_out()
    clock.move(minutes=2)
    person.ask_mail()
    assert len(outbox.mails) >= 4

    for mail in outbox.mails:
        assert mail.get_all("Bcc", []) == []
        assert mail["To"].addresses[0].addr_spec == "mira@example.com"
        assert is_plain(mail["Subject"])
        for part in mail.iter_parts():
            words = part.get_content()
            assert is_plain(words)
            if part.get_content_type() == "text/html":
                assert "<img src=x" not in words
                assert PRODUCT not in words


def test_a_mail_to_an_unproved_address_holds_nothing_that_was_typed(visitor, outbox):
    """Else anybody could send anything to anybody in our name."""
    visitor.register(name="Win a prize at evil.example", username="prize.evil")
    visitor.ask_mail("mira@example.com")

    assert outbox.mails
    for mail in outbox.mails:
        assert "prize" not in mail.as_string()


@pytest.mark.parametrize(
    "typed", [f"{MARKUP}@example.com", "mira\u202e@example.com", "a\r\nb@x.example"]
)
def test_what_is_typed_to_sign_in_is_text_where_it_is_shown_back(visitor, caplog, typed):
    pages = [visitor.form("/auth/sign-in", face, identifier=typed) for face in ("page", "htmx")]
    pages += [visitor.form("/auth/sign-in/email", "htmx", identifier=typed)]

    assert all(is_text(page) for page in pages)
    assert not [one for one in caplog.messages if "\n" in one]


def test_a_refusals_json_is_text_too(visitor):
    answer = visitor.json(
        "/auth/register", {"name": MARKUP * 20, "username": MARKUP, "email": MARKUP}
    )

    assert answer.status_code == 422
    assert answer.mimetype == "application/json"
    assert "<img" not in json.dumps(answer.json)
