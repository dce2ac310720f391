"""Letters: whatever their words are, one goes to one person, and is read back as it was meant."""

from dataclasses import replace
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage

from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import encoded_words, sent_texts, texts, typed_addresses

from unlatch.core import names
from unlatch.core.kinds import Purpose
from unlatch.core.mailed import Minted
from unlatch.core.records import Account, Mail
from unlatch.core.secrets import CODE_ALPHABET, CODE_LENGTH
from unlatch.core.times import MINUTE
from unlatch.flask.sender.letters import Letters
from unlatch.flask.sender.reading import code_in, link_in, read
from unlatch.flask.sender.transport import envelope

NOW = 1_800_000_000_000_000
HEADERS = {
    *("From", "To", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Subject", "MIME-Version", "Content-Type"),
}
MIRA = Account(
    id="mira",
    username="mira",
    username_key="mira",
    display_name="",
    address="mira@example.com",
    address_key="mira@example.com",
    user_handle=b"h",
    browser_hash=b"b",
    created_at=0,
    confirmed_at=1,
)
MAIL = Mail(
    id="mail",
    account_id="mira",
    purpose=Purpose.SIGN_IN,
    binding_hash=b"",
    session_id=None,
    origin="https://acme.example",
    next="",
    user_agent="",
    asked_at=NOW,
    expires_at=NOW + 10 * MINUTE,
    due_at=NOW,
)
TEXT = "Subject: {site_name} and {name}\n\n{name} {note} {browser}\n\n{link}\n\n    {code}\n"

codes = st.text(st.sampled_from(CODE_ALPHABET), min_size=CODE_LENGTH, max_size=CODE_LENGTH)
injected = st.builds(
    "{}{}{}{}".format,
    sent_texts,
    st.sampled_from(("\r\n", "\n", "\r", "\r\n\r\n", "\u2028", "\x85", "\x0b", "\x00")),
    st.sampled_from(("Bcc: eve@example.com", "To: eve@example.com", "From: x", "")),
    sent_texts,
)
words = st.one_of(
    sent_texts, injected, st.builds("{}{}{}".format, sent_texts, encoded_words, sent_texts)
)


def letters(site_name: str) -> Letters:
    return Letters(
        render=lambda name, told: "<p>" if name.endswith("html") else TEXT.format_map(told),
        site_name=site_name,
        sender="sign-in@acme.example",
        link_path=lambda purpose, token: f"/auth/link?token={token}",
        account_path="/auth/account",
    )


@given(words, words, words, words, codes)
@example("Acme", "x\r\nBcc: eve@example.com", "", "", "WDJBKMHT")
@example("x@y, eve@example.com", "", "", "", "WDJBKMHT")
@example("=?utf-8?q?=0ABcc=3A_eve=40evil.example?=", "", "", "", "WDJBKMHT")
@example("", "=?utf-8?q?=0ABcc=3A_eve=40evil.example?=", "", "", "WDJBKMHT")
def test_no_words_begin_a_header_or_add_a_recipient(site_name, name, note, browser, code):
    written = letters(site_name).write(
        replace(MAIL, note=note, user_agent=browser),
        replace(MIRA, display_name=name),
        Minted("TOKEN", None, code, ""),
        now=NOW,
    )

    on_the_wire = written.as_bytes()
    arrived = message_from_bytes(on_the_wire, policy=policy.SMTP)
    assert isinstance(arrived, EmailMessage)
    assert sorted(arrived.keys()) == sorted(HEADERS)
    assert envelope(written)[1] == envelope(arrived)[1] == "mira@example.com"
    assert envelope(arrived)[0] == "sign-in@acme.example"
    assert on_the_wire.isascii()
    assert max(map(len, on_the_wire.split(b"\r\n"))) <= 998
    assert b"\n" not in on_the_wire.replace(b"\r\n", b"")


@given(typed_addresses)
@example("=?utf-8?q?=0ABcc=3A_eve=40evil.example?=@example.com")
@example("=?utf-8?q?a=2C_b=40c.d?=@example.com")
def test_a_letter_goes_to_the_address_that_is_kept_and_to_it_alone(typed):
    try:
        kept = names.address(typed).kept
    except ValueError:
        assume(False)
    written = letters("Acme").write(MAIL, replace(MIRA, address=kept), None, now=NOW)

    arrived = message_from_string(written.as_bytes().decode(), policy=policy.SMTP.clone(utf8=True))
    assert isinstance(arrived, EmailMessage)

    assert envelope(written)[1] == kept
    assert sorted(arrived.keys()) == sorted(HEADERS)
    assert envelope(arrived)[1] == kept


@given(codes)
def test_the_link_and_the_code_are_read_back(code):
    written = letters("Acme").write(MAIL, MIRA, Minted("T-_9", None, code, ""), now=NOW)

    arrived = read(message_from_bytes(written.as_bytes(), policy=policy.default), at=NOW)

    assert arrived.link == "https://acme.example/auth/link?token=T-_9"
    assert arrived.code == f"{code[:4]}-{code[4:]}"
    assert arrived.to == "mira@example.com"


_LINES = (
    *("To: a@b.c", "To: a@b.c, d@e.f", "To:", "Subject: =?utf-8?b?////?=", "Subject: \xff"),
    *("Content-Type: text/plain; charset=nonsense", "Content-Type: multipart/alternative"),
    *('Content-Type: multipart/mixed; boundary="b"', "Content-Transfer-Encoding: base64"),
    *("Content-Transfer-Encoding: 8bit", "Content-Type: text/html", "Content-Type: /;;"),
    *("MIME-Version: 1.0", "", "--b", "--b--", "=FF=", "AAAA\xff", "From a", ": ", "\x00"),
)
nearly_mails = st.lists(st.sampled_from(_LINES), max_size=12).map(
    lambda lines: "\n".join(lines).encode("latin-1")
)


@given(st.one_of(nearly_mails, st.binary(max_size=200)))
def test_whatever_lies_in_the_mailbox_is_read(content):
    mail = read(message_from_bytes(content, policy=policy.default), at=NOW)

    assert isinstance(mail.text, str)
    assert isinstance(mail.html, str)


@given(st.one_of(texts, st.lists(st.sampled_from(("https://a/?token=", " ", "WDJB", "-", "\n")))))
def test_no_text_breaks_looking_for_its_secrets(text):
    text = "".join(text)

    link, code = link_in(text), code_in(text)

    assert link is None or link in text
    assert code is None or code.replace("-", "").isalnum()
