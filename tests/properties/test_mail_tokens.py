"""The token in a mailed link is read for its own purpose, untouched, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import damaged, texts

from unlatch.core import mail_tokens
from unlatch.core.keys import Keys
from unlatch.core.kinds import Purpose
from unlatch.core.secrets import to_base64url
from unlatch.errors import MailGone

KEYS = Keys([b"0123456789abcdef0123456789abcdef"])
OTHERS = Keys([b"fedcba9876543210fedcba9876543210"])
mails = st.uuids().map(str)


@given(mails)
def test_purposes_never_cross(mail_id):
    """Every purpose at every other, notices among them, which mint none."""
    for minted_for in Purpose:
        token, text = mail_tokens.mint(mail_id, minted_for, KEYS)
        for purpose in Purpose:
            if purpose is minted_for:
                assert mail_tokens.read(text, purpose, KEYS) == token
            else:
                with pytest.raises(MailGone, match="MAC"):
                    mail_tokens.read(text, purpose, KEYS)


@given(mails, st.sampled_from(Purpose), st.data())
def test_a_token_that_was_touched_is_none(mail_id, purpose, data):
    _, text = mail_tokens.mint(mail_id, purpose, KEYS)

    with pytest.raises(MailGone):
        mail_tokens.read(data.draw(damaged(text)), purpose, KEYS)


@given(mails, mails, st.sampled_from(Purpose))
def test_two_tokens_cannot_be_put_together(mail_id, other_id, purpose):
    """The row of one, the secret and the MAC of the other."""
    _, one = mail_tokens.mint(mail_id, purpose, KEYS)
    _, other = mail_tokens.mint(other_id, purpose, KEYS)

    for cut in (16, 21, 22, 43, 64):
        if one[:cut] != other[:cut]:
            with pytest.raises(MailGone):
                mail_tokens.read(one[:cut] + other[cut:], purpose, KEYS)


@given(mails, st.sampled_from(Purpose))
def test_another_sites_token_is_none(mail_id, purpose):
    _, text = mail_tokens.mint(mail_id, purpose, OTHERS)

    with pytest.raises(MailGone, match="MAC"):
        mail_tokens.read(text, purpose, KEYS)


@given(
    st.one_of(texts, st.binary(min_size=64, max_size=64).map(to_base64url)),
    st.sampled_from(Purpose),
)
def test_no_text_breaks_reading(text, purpose):
    with pytest.raises(MailGone):
        mail_tokens.read(text, purpose, KEYS)
