"""The token in a mailed link: rubbish dies before the database and before slow hashing."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlatch.core import mail_tokens
from unlatch.core.keys import Keys
from unlatch.core.kinds import Purpose
from unlatch.core.secrets import from_base64url, to_base64url
from unlatch.errors import MailGone

MAIL = "6d3d0c1e-0000-4000-8000-000000000001"
KEYS = Keys([b"0123456789abcdef0123456789abcdef"])


def test_what_was_minted_is_read_again(keys):
    token, text = mail_tokens.mint(MAIL, Purpose.SIGN_IN, keys)

    assert mail_tokens.read(text, Purpose.SIGN_IN, keys) == token
    assert token.mail_id == MAIL
    assert len(from_base64url(token.secret)) == 32


def test_no_two_tokens_of_one_mail_are_the_same(keys):
    assert len({mail_tokens.mint(MAIL, Purpose.SIGN_IN, keys)[1] for _ in range(20)}) == 20


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.SIGN_IN])
def test_a_token_for_one_purpose_serves_no_other(keys, purpose):
    _, text = mail_tokens.mint(MAIL, Purpose.SIGN_IN, keys)

    with pytest.raises(MailGone, match="MAC"):
        mail_tokens.read(text, purpose, keys)


@given(st.integers(0, 63), st.integers(1, 255))
def test_a_damaged_token_is_no_token(position, change):
    _, text = mail_tokens.mint(MAIL, Purpose.SIGN_IN, KEYS)
    data = bytearray(from_base64url(text))
    data[position] ^= change

    with pytest.raises(MailGone, match="MAC"):
        mail_tokens.read(to_base64url(bytes(data)), Purpose.SIGN_IN, KEYS)


@given(st.text(max_size=120) | st.text(alphabet="AB_-", min_size=86, max_size=86))
def test_no_text_breaks_reading(text):
    with pytest.raises(MailGone):
        mail_tokens.read(text, Purpose.SIGN_IN, KEYS)


def test_a_token_survives_a_change_of_keys():
    old, new = b"o" * 32, b"n" * 32
    _, text = mail_tokens.mint(MAIL, Purpose.SIGN_IN, Keys([old]))

    assert mail_tokens.read(text, Purpose.SIGN_IN, Keys([new, old])).mail_id == MAIL
    with pytest.raises(MailGone):
        mail_tokens.read(text, Purpose.SIGN_IN, Keys([new]))


def test_a_token_fits_into_a_line_of_a_mail(keys):
    _, text = mail_tokens.mint(str(uuid.uuid4()), Purpose.SIGN_IN, keys)

    assert len(text) == 86


def test_a_token_does_not_show_its_secret(keys):
    token, _ = mail_tokens.mint(MAIL, Purpose.SIGN_IN, keys)

    assert token.secret not in repr(token)
