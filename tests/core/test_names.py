"""Addresses, usernames and display names: what is allowed, and which spellings are one."""

import time
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unlatch.core import names


def wide(text: str) -> str:
    """In full-width letters, as Japanese keyboards write them."""
    return "".join(chr(ord(one) + 0xFEE0) for one in text)


# --- Addresses


@pytest.mark.parametrize(
    ("typed", "kept", "key"),
    [
        ("anna@example.org", "anna@example.org", "anna@example.org"),
        (" Anna.B@Example.ORG ", "Anna.B@example.org", "anna.b@example.org"),
        ("anna+tag@example.org", "anna+tag@example.org", "anna+tag@example.org"),
        (wide("anna@example.org"), "anna@example.org", "anna@example.org"),
        (f"anna{wide('@')}example.org", "anna@example.org", "anna@example.org"),
        (
            "anna@bücher.example.org",
            "anna@xn--bcher-kva.example.org",
            "anna@xn--bcher-kva.example.org",
        ),
        (
            "anna@XN--BCHER-KVA.example.org",
            "anna@xn--bcher-kva.example.org",
            "anna@xn--bcher-kva.example.org",
        ),
        ("\u212aelvin@example.org", "Kelvin@example.org", "kelvin@example.org"),
        ("jose\u0301@example.org", "jos\u00e9@example.org", "jos\u00e9@example.org"),
        ("JOS\u00c9@example.org", "JOS\u00c9@example.org", "jos\u00e9@example.org"),
        ("o\ufb03ce@example.org", "office@example.org", "office@example.org"),
        ("stra\u00dfe@example.org", "stra\u00dfe@example.org", "strasse@example.org"),
    ],
)
def test_an_address_has_a_form_for_sending_and_one_for_looking_up(typed, kept, key):
    assert names.address(typed) == names.Spelled(kept=kept, key=key)


def test_dotless_i_is_not_i():
    """They are different letters, and different mailboxes."""
    keys = {names.address(f"{one}nge@example.org").key for one in ("i", "\u0131", "I")}

    assert keys == {"inge@example.org", "\u0131nge@example.org"}


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "missing"),
        (" \t\u3000", "missing"),
        ("anna", "no_at"),
        ("anna.example.org", "no_at"),
        ("anna@example", "no_ending"),
        ("anna@", "no_ending"),
        ("anna@localhost", "no_ending"),
        ("@example.org", "malformed"),
        ("anna@@example.org", "malformed"),
        ("anna@example.org@example.org", "malformed"),
        ("anna@example.org.", "malformed"),
        ("anna@.example.org", "malformed"),
        ("anna@example..org", "malformed"),
        (".anna@example.org", "malformed"),
        ("anna.@example.org", "malformed"),
        ("an..na@example.org", "malformed"),
        ("an na@example.org", "malformed"),
        ("anna@exam ple.org", "malformed"),
        ("anna@example.org\r\nBcc: all@example.org", "malformed"),
        ("anna\n@example.org", "malformed"),
        ("anna\0@example.org", "malformed"),
        ("anna\u2028@example.org", "malformed"),
        ("anna\u200b@example.org", "malformed"),
        ("anna\u202e@example.org", "malformed"),
        ("anna\ud800@example.org", "malformed"),
        ("anna@example.org,eve@example.org", "malformed"),
        ("anna@example.org, eve@example.org", "malformed"),
        (f"anna@example.org{wide(',')}eve@example.org", "malformed"),
        ("anna@example.org;eve@example.org", "malformed"),
        ("Anna <anna@example.org>", "malformed"),
        ('"anna"@example.org', "malformed"),
        ('"an na"@example.org', "malformed"),
        ('"a@b"@example.org', "malformed"),
        ("anna(comment)@example.org", "malformed"),
        ("=?utf-8?q?=0ABcc=3A_eve=40example.com?=@example.org", "malformed"),
        (f"{wide('=?')}utf-8?q?=0A?=@example.org", "malformed"),
        ("anna@[192.0.2.1]", "malformed"),
        ("anna@[IPv6:2001:db8::1]", "no_ending"),
        ("anna@-example.org", "malformed"),
        ("anna@exa_mple.org", "malformed"),
        ("anna@xn--example.org", "malformed"),
        ("anna@" + "a" * 64 + ".org", "malformed"),
        ("anna@" + "a." * 130 + "org", "too_long"),
        ("a" * 320, "too_long"),
        ("a" * 321, "too_long"),
        ("a" * 300 + "@example.org", "too_long"),
        ("\ufdfa" * 20 + "@example.org", "too_long"),
        ("\u0301anna@example.org", "malformed"),
    ],
)
def test_what_is_no_address_is_told_why(typed, why):
    with pytest.raises(ValueError, match=f"^{why}$"):
        names.address(typed)


@given(st.emails())
def test_every_spelling_of_an_address_finds_the_same(typed):
    try:
        spelled = names.address(typed)
    except ValueError:
        return
    for spelling in (spelled.kept, spelled.key, typed.upper(), f" {typed} "):
        assert names.address(spelling).key == spelled.key


@given(st.text(max_size=80))
def test_no_text_breaks_an_address_and_none_steers_a_header(typed):
    try:
        spelled = names.address(typed)
    except ValueError:
        return
    for form in (spelled.kept, spelled.key):
        assert form.count("@") == 1
        assert not any(unicodedata.category(one).startswith(("C", "Z")) for one in form)
        assert "," not in form
    assert names.address(spelled.kept) == spelled


# --- Usernames


@pytest.mark.parametrize(
    ("typed", "kept", "key"),
    [
        ("anna", "anna", "anna"),
        (" Anna ", "Anna", "anna"),
        ("a-b_c.d9", "a-b_c.d9", "a-b_c.d9"),
        (wide("Anna"), "Anna", "anna"),
        ("\u212aelvin", "Kelvin", "kelvin"),
        ("o\ufb03ce", "office", "office"),
        ("\u017fong", "song", "song"),
        ("a" * 32, "a" * 32, "a" * 32),
        ("abc", "abc", "abc"),
    ],
)
def test_a_username_is_kept_in_plain_letters_and_found_in_any_case(typed, kept, key):
    assert names.username(typed) == names.Spelled(kept=kept, key=key)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "missing"),
        ("  ", "missing"),
        ("ab", "length"),
        ("a" * 33, "length"),
        ("a" * 100_000, "length"),
        ("anna b", "characters"),
        ("-anna", "characters"),
        ("anna_", "characters"),
        (".anna", "characters"),
        ("anna@example", "characters"),
        (f"anna{wide('@')}example", "characters"),
        ("\u0430nna", "characters"),  # Cyrillic a
        ("\u0131nge", "characters"),  # dotless i
        ("\u0130nge", "characters"),  # dotted I
        ("stra\u00dfe", "characters"),
        ("jos\u00e9", "characters"),
        ("jose\u0301", "characters"),
        ("an\0na", "characters"),
        ("an\nna", "characters"),
        ("an\u200bna", "characters"),
        ("an\u202ena", "characters"),
        ("ann\u0661", "characters"),  # an Arabic digit
        ("anna\ud800", "characters"),
        ("an/na", "characters"),
        ("<anna>", "characters"),
    ],
)
def test_what_is_no_username_is_told_why(typed, why):
    with pytest.raises(ValueError, match=f"^{why}$"):
        names.username(typed)


@given(st.text(max_size=40))
def test_a_username_holds_nothing_but_plain_letters(typed):
    try:
        spelled = names.username(typed)
    except ValueError:
        return
    assert spelled.kept.isascii()
    assert spelled.key == spelled.kept.lower()
    assert names.username(spelled.kept) == spelled


# --- Display names


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("", ""),
        ("  Anna   Berg ", "Anna Berg"),
        ("Anna\r\n\tBerg", "Anna Berg"),
        ("Anna\u2028Berg\u00a0", "Anna Berg"),
        ("An\0na\u0007", "Anna"),
        ("\u202eanna\u202c", "anna"),
        ("\u2066anna\u2069\u200f", "anna"),
        ("an\u200bna\ufeff", "anna"),
        ("anna\ud800", "anna"),
        ("Zoe\u0301", "Zo\u00e9"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\u200c \u200d", ""),
        ("\u674e\u5c0f\u9f99", "\u674e\u5c0f\u9f99"),
        ("<b>Anna</b>", "<b>Anna</b>"),
        ("a" * 80, "a" * 80),
    ],
)
def test_a_display_name_is_one_line_of_what_shows(typed, name):
    assert names.display_name(typed) == name


@pytest.mark.parametrize("typed", ["a" * 81, "a" * 100_000, " " * 321])
def test_a_display_name_has_at_most_eighty_characters(typed):
    with pytest.raises(ValueError, match=r"^too_long$"):
        names.display_name(typed)


@given(st.text(max_size=100))
@example("\u200c \u200d")
def test_no_display_name_steers_what_is_around_it(typed):
    try:
        name = names.display_name(typed)
    except ValueError:
        return
    shows = name.replace("\u200c", "").replace("\u200d", "")
    assert not any(unicodedata.category(one).startswith("C") for one in shows)
    assert bool(name) is bool(shows)
    assert len(name.splitlines()) <= 1
    assert name == name.strip()


# --- Identifiers


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("anna", (None, "anna")),
        (" ANNA ", (None, "anna")),
        ("Anna@Example.org", ("anna@example.org", None)),
        (f"anna{wide('@')}example.org", ("anna@example.org", None)),
        (wide("ANNA"), (None, "anna")),
        ("", (None, None)),
        ("a", (None, None)),
        ("anna@", (None, None)),
        ("an na", (None, None)),
        ("\ud800", (None, None)),
        ("a" * 100_000, (None, None)),
        ("\ufdfa" * 10_000, (None, None)),
    ],
)
def test_what_is_typed_to_sign_in_is_an_address_or_a_username(typed, keys):
    assert names.identifier_keys(typed) == keys


@pytest.mark.parametrize(
    "read", [names.address, names.username, names.display_name, names.identifier_keys]
)
def test_a_row_of_combining_marks_costs_no_time(read):
    """Normalising takes time by its square: seconds for what fits into a request."""
    begun = time.process_time()
    with suppress(ValueError):
        read("\u0301\u0323" * 15_000)
    assert time.process_time() - begun < 0.2
