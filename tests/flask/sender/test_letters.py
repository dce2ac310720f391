"""Letters: the words and headers of a mail, and what must never get into one."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from unlatch.core.kinds import Purpose
from unlatch.core.mailed import Minted
from unlatch.core.times import MINUTE, SECOND
from unlatch.flask.sender import Letters
from unlatch.flask.sender.reading import body, code_in, link_in

MINTED = Minted("the-token", "link-hash", "WDJBKMHT", "code-hash")


def received(letter: EmailMessage) -> EmailMessage:
    """As it is after its journey."""
    return message_from_bytes(letter.as_bytes(), EmailMessage, policy=policy.default)


@pytest.fixture
def write(letters, asked_mail, anna, clock):
    def write(purpose=Purpose.SIGN_IN, account=anna, *, minted=MINTED, **changes):
        mail = asked_mail(purpose, **changes)
        return letters.write(mail, account, None if purpose.is_notice else minted, now=clock())

    return write


def test_a_letter_says_who_wrote_to_whom_and_that_no_one_did(write):
    letter = received(write())

    assert letter["From"] == "Tom & Co <unlatch@site.example>"
    assert letter["To"] == "anna@example.org"
    assert letter["Subject"] == "Sign in to Tom & Co"
    assert letter["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert re.fullmatch(r"<[0-9a-f]{32}@site\.example>", letter["Message-ID"])
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["X-Auto-Response-Suppress"] == "All"
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]


def test_a_letter_carries_the_link_and_the_code_in_both_its_parts(write):
    letter = received(write())
    link = "https://site.example/auth/sign_in/link?token=the-token"

    assert link_in(body(letter, "plain")) == link
    assert code_in(body(letter, "plain")) == "WDJB-KMHT"
    assert f'href="{link}"' in body(letter, "html")
    assert "WDJB-KMHT" in body(letter, "html")


def test_a_letter_tells_when_and_from_where_it_was_asked(write):
    text = body(write(), "plain")

    assert "15 January 2027, 08:00 UTC" in text
    assert "Chrome on Windows" in text
    assert "10 minutes" in text


def test_a_late_letter_says_how_long_it_really_works(write, clock):
    clock.now += 4 * MINUTE

    assert "6 minutes" in body(write(), "plain")


def test_html_has_its_style_inline_and_keeps_dark_mode(write):
    html = body(write(), "html")

    assert re.search(r'<a class="button" [^>]*style="[^"]*background', html)
    assert "prefers-color-scheme: dark" in html


def test_what_was_typed_is_only_text_in_html(write):
    assert "Anna &lt;b&gt;" in body(write(), "html")


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_has_its_letter(write, purpose):
    letter = received(write(purpose, note="Blue key"))

    assert letter["Subject"]
    assert len(body(letter, "plain")) > 100
    assert "<html" in body(letter, "html")


def test_a_code_for_freshness_has_no_link(write):
    text = body(write(Purpose.FRESH, minted=Minted(None, None, "WDJBKMHT", "code-hash")), "plain")

    assert link_in(text) is None
    assert code_in(text) == "WDJB-KMHT"


def test_a_notice_names_the_passkey_and_where_to_look(write):
    text = body(write(Purpose.PASSKEY_ADDED, note="Blue key"), "plain")

    assert "Blue key" in text
    assert "https://site.example/auth/account" in text
    assert link_in(text) is None
    assert code_in(text) is None


@pytest.mark.parametrize("purpose", Purpose)
def test_an_unconfirmed_address_is_told_nothing_that_its_registrant_typed(write, anna, purpose):
    """Else anybody could have us write his words to anybody."""
    stranger = replace(anna, display_name="BuyNow", username="buynow", confirmed_at=None)

    letter = write(purpose, stranger, note="BuyNow", user_agent="BuyNow/1.0")

    assert b"buynow" not in letter.as_bytes().lower()
    assert "buynow" not in (body(letter, "plain") + body(letter, "html")).lower()


@pytest.mark.parametrize("evil", ["x\r\nBcc: all@example.com", "x\n\nBcc: a@b.c", "x\u2028Bcc: a"])
def test_no_header_begins_in_another(make_letters, asked_mail, evil, anna, clock):
    mail = asked_mail(Purpose.PASSKEY_ADDED, note=evil)
    account = replace(anna, display_name=evil)

    letter = received(make_letters(site_name=evil).write(mail, account, None, now=clock()))

    assert letter["Bcc"] is None
    assert "Bcc" in letter["Subject"]


def test_an_international_address_is_written_in_utf8(write, anna):
    letter = write(account=replace(anna, address="jörg@xn--bcher-kva.example"))

    assert "To: jörg@xn--bcher-kva.example\r\n".encode() in letter.as_bytes()


def test_other_letters_are_ascii_on_the_wire(write, anna):
    letter = write(account=replace(anna, display_name="Łucja " * 20))

    assert letter.as_bytes().isascii()
    assert "Łucja" in body(received(letter), "plain")


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("a@b.example", "Site <a@b.example>"),
        ("Other Name <a@b.example>", "Other Name <a@b.example>"),
        ("Größe <a@b.example>", "Größe <a@b.example>"),
        ("a@bücher.example", "Site <a@xn--bcher-kva.example>"),
    ],
)
def test_the_sender_may_have_a_name_of_its_own(sender, shown, asked_mail, anna):
    letter = _letters(sender).write(asked_mail(), anna, MINTED, now=SECOND)

    assert received(letter)["From"] == shown


@pytest.mark.parametrize("sender", ["", "nobody", "a@", "@b", "Name <>", f"a@{'ü' * 70}.example"])
def test_a_sender_that_is_no_address_is_refused(sender):
    with pytest.raises(ValueError, match="no e-mail address"):
        _letters(sender)


def test_a_template_without_a_subject_is_a_fault(asked_mail, anna):
    with pytest.raises(ValueError, match="Subject"):
        _letters("a@b.example", template="Hello\n").write(asked_mail(), anna, MINTED, now=SECOND)


def _letters(sender: str, template: str = "Subject: Hello\n\nHello\n") -> Letters:
    return Letters(
        render=lambda name, context: template,
        site_name="Site",
        sender=sender,
        link_path=lambda purpose, token: "/",
        account_path="/",
    )
