"""Secrets: one value has one spelling."""

from hypothesis import example, given
from hypothesis import strategies as st
from strategies import base64ish, texts

from unlatch.core.secrets import (
    CODE_ALPHABET,
    CODE_LENGTH,
    from_base64url,
    to_base64url,
    typed_code,
)

CODES = st.text(st.sampled_from(CODE_ALPHABET), min_size=CODE_LENGTH, max_size=CODE_LENGTH)


@given(st.one_of(base64ish, texts))
@example("AB")
@example("A")
@example("AA==")
@example("AA\n")
def test_what_base64url_says_is_said_in_one_way(text):
    try:
        data = from_base64url(text)
    except ValueError:
        return
    assert to_base64url(data) == text


@given(st.binary(min_size=1))
def test_every_value_but_nothing_goes_there_and_back(data):
    assert from_base64url(to_base64url(data)) == data


@given(st.one_of(texts, st.text(st.sampled_from("AaBbIO01\u0131\uff21 -\u2013\u00ad"))))
def test_what_is_typed_is_a_code_or_nothing(text):
    code = typed_code(text)

    if code is not None:
        assert len(code) == CODE_LENGTH
        assert set(code) <= set(CODE_ALPHABET)
        assert typed_code(code) == code


@given(CODES, st.data())
def test_a_code_is_read_in_any_case_with_spaces_and_dashes(code, data):
    between = st.sampled_from(("", " ", "-", "\u2013", "\u2014", "\u00a0", "\u200b", "\uff0d"))
    letters = [data.draw(st.sampled_from((one, one.lower()))) for one in code]
    typed = "".join(data.draw(between) + one for one in letters)

    assert typed_code(typed) == code
