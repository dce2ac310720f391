"""Secrets: one value has one spelling, and a seal opens for its own use or not at all."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import damaged, texts

from unlatch.core.secrets import (
    CODE_ALPHABET,
    CODE_LENGTH,
    Keys,
    from_base64url,
    to_base64url,
    typed_code,
)

KEYS = Keys([b"0123456789abcdef0123456789abcdef"])
OTHERS = Keys([b"fedcba9876543210fedcba9876543210"])
BASE64ISH = st.text(st.sampled_from("ABCXYZabcxyz0189-_+/=\n ."), max_size=24)
CODES = st.text(st.sampled_from(CODE_ALPHABET), min_size=CODE_LENGTH, max_size=CODE_LENGTH)
USES = st.sampled_from(("ceremony", "binding", "browser", "remembered", "opened-link:sign_in"))


@given(st.one_of(BASE64ISH, texts))
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


@given(USES, USES, st.binary(max_size=80))
def test_a_seal_opens_for_its_own_use_and_no_other(use, other, data):
    sealed = KEYS.seal(use, data)

    assert KEYS.open(use, sealed) == data
    for keys, name in ((KEYS, other), (OTHERS, use)):
        if (keys, name) != (KEYS, use):
            with pytest.raises(ValueError, match="not sealed here"):
                keys.open(name, sealed)


@given(st.binary(max_size=40), st.data())
def test_a_seal_that_was_touched_does_not_open(data, draw):
    sealed = KEYS.seal("ceremony", data)

    with pytest.raises(ValueError):  # noqa: PT011 - any of ours: that it is one is the promise
        KEYS.open("ceremony", draw.draw(damaged(sealed)))


@given(st.one_of(texts, BASE64ISH, st.binary(min_size=1, max_size=90).map(to_base64url)))
def test_no_text_breaks_opening(text):
    with pytest.raises(ValueError):  # noqa: PT011 - any of ours: that it is one is the promise
        KEYS.open("ceremony", text)


@given(st.binary(max_size=40), st.binary(max_size=40), USES, USES)
def test_a_mac_is_for_one_use_and_one_value(data, other, use, other_use):
    mac = KEYS.mac(use, data)

    assert KEYS.mac_fits(use, data, mac)
    assert KEYS.mac_fits(other_use, other, mac) == ((use, data) == (other_use, other))
    assert not OTHERS.mac_fits(use, data, mac)
