"""Random values, and codes as people type them: one value has one spelling."""

import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlatch.core.secrets import (
    CODE_ALPHABET,
    CODE_LENGTH,
    digest,
    from_base64url,
    random_code,
    random_secret,
    to_base64url,
    typed_code,
)


def test_secrets_are_long_and_never_the_same():
    assert len(random_secret()) == 32
    assert len({random_secret() for _ in range(100)}) == 100


@given(st.binary())
def test_base64url_goes_there_and_back(data):
    text = to_base64url(data)

    assert re.fullmatch(r"[A-Za-z0-9_-]*", text)
    if data:
        assert from_base64url(text) == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "AA==",
        "AAA=",
        "A",
        "AAAAA",
        "AA AA",
        "AA\n",
        "\nAA",
        "AA+A",
        "AA/A",
        "ÄA",
        "AA\0A",
        "AB",  # stray bits: AA is the same byte
        "AAB",
        "\uff21\uff21",
    ],
)
def test_base64url_has_one_spelling(text):
    with pytest.raises(ValueError, match="base64"):
        from_base64url(text)


@pytest.mark.parametrize(("beginning", "ends"), [("Q", 4), ("QQ", 16), ("QQQ", 64)])
def test_the_last_letter_has_no_stray_bits(beginning, ends):
    """Of two letters the last four bits belong to no byte, of three the last two."""
    every = [beginning + end for end in string.ascii_letters + string.digits + "-_"]

    read = [text for text in every if reads(text)]

    assert len(read) == ends
    assert [to_base64url(from_base64url(text)) for text in read] == read


def reads(text):
    try:
        from_base64url(text)
    except ValueError:
        return False
    return True


# --- Codes


def test_a_code_uses_all_letters_of_the_readable_alphabet():
    seen = set("".join(random_code() for _ in range(1000)))

    assert seen == set(CODE_ALPHABET)
    assert not seen & set("IO01")
    assert len(CODE_ALPHABET) == 32


@pytest.mark.parametrize(
    "typed",
    [
        "WDJBKMHT",
        "wdjbkmht",
        "WDJB-KMHT",
        " wdjb kmht ",
        "W D J B K M H T",
        "WDJB\u2013KMHT",
        "WDJB\u2014KMHT",
        "WDJB\u2011KMHT",
        "WDJB\u2010KMHT",
        "WDJB\u00a0KMHT",
        "WDJB\u200bKMHT",
        "WDJB\u00adKMHT",
        "\tWDJB\r\nKMHT",
        "\uff37\uff24\uff2a\uff22\uff0d\uff2b\uff2d\uff28\uff34",
    ],
)
def test_a_code_is_read_as_people_type_it(typed):
    assert typed_code(typed) == "WDJBKMHT"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "WDJBKMH",
        "WDJBKMHTT",
        "WDJBKMH0",
        "WDJBKMH1",
        "WDJBKMHO",
        "WDJBKMHI",
        "WDJB_KMHT",
        "WDJB.KMHT",
        "\u0430" * 8,
        "\ud800" * 8,
        "WDJBKMH\0",
        "x" * 10_000,
        "\u0301" * 64,
    ],
)
def test_what_cannot_be_a_code_is_none(typed):
    assert typed_code(typed) is None


@given(st.text(max_size=80))
def test_a_typed_code_is_none_or_a_code(typed):
    code = typed_code(typed)

    assert code is None or (len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET))


@given(st.lists(st.sampled_from(CODE_ALPHABET), min_size=8, max_size=8), st.integers(0, 8))
def test_every_code_can_be_typed(letters, dash):
    code = "".join(letters)

    assert typed_code(code) == code
    assert typed_code(f"{code[:dash]}-{code[dash:]}".lower()) == code
    assert typed_code(unicodedata.normalize("NFD", code)) == code


def test_a_digest_is_sha256():
    assert digest(b"").hex().startswith("e3b0c44298fc1c14")
