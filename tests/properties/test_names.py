"""Names: whatever is typed is refused, or becomes one form that is kept and one key."""

import unicodedata

from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import (
    honest_usernames,
    lookalike_addresses,
    spellings,
    texts,
    typed_addresses,
    usernames,
    wide,
)

from unlatch.core import names


def spelled(read, typed):
    """What `read` makes of it; only what it takes."""
    try:
        return read(typed)
    except ValueError:
        assume(False)


def fault_of(read, typed) -> str | None:
    try:
        read(typed)
    except ValueError as error:
        return str(error)
    return None


def shows(text: str) -> bool:
    """Nothing in it steers, breaks a line or is a piece of a character."""
    return not any(unicodedata.category(one).startswith(("C", "Zl", "Zp")) for one in text)


@given(typed_addresses)
def test_an_address_is_taken_or_refused_for_a_reason(typed):
    reasons = {"missing", "too_long", "no_at", "no_ending", "malformed"}

    assert fault_of(names.address, typed) in reasons | {None}


@given(typed_addresses)
@example("jose\u0301@example.org")
@example(wide("anna@example.org"))
@example("anna@b\xfccher.example")
@example('"an na"@example.org')
def test_an_address_that_is_kept_is_one_address_that_can_be_written_to(typed):
    address = spelled(names.address, typed)

    local, at, domain = address.kept.partition("@")
    assert local
    assert at
    assert "@" not in domain
    assert domain.isascii()
    assert domain == domain.lower()
    assert len(address.kept.encode()) <= names.ADDRESS_MAX
    for form in (address.kept, address.key):
        assert shows(form)
        assert not set(form) & set(' ,;:<>()[]"\\')


@given(typed_addresses)
@example("\u1e9e\u0345@example.org")
@example("\u03b9\u0345\u0301@example.org")
def test_what_is_kept_of_an_address_is_what_it_is_found_by(typed):
    address = spelled(names.address, typed)

    assert names.address(address.kept) == address
    assert names.address(address.key).key == address.key
    assert names.identifier_keys(address.kept) == (address.key, None)
    assert names.identifier_keys(typed) == (address.key, None)


@given(typed_addresses, st.data())
def test_every_way_to_type_an_address_finds_the_same(typed, data):
    address = spelled(names.address, typed)
    again = data.draw(spellings(address.kept))

    assert names.identifier_keys(again) == (address.key, None)


@given(lookalike_addresses, lookalike_addresses)
@example("mike@example.com", "m\u0131ke@example.com")
@example("jose@example.com", "jos\xe9@example.com")
@example("mike@example.com", "mi\u212ae@example.com")
def test_two_addresses_share_a_key_only_if_they_are_one_but_for_case(one, other):
    first, second = spelled(names.address, one), spelled(names.address, other)

    same = caseless(first.kept) == caseless(second.kept)
    assert (first.key == second.key) == same


def caseless(text: str) -> str:
    """The Unicode standard, section 3.13, D146: compatibility caseless matching."""

    def nfkd(text: str) -> str:
        return unicodedata.normalize("NFKD", text)

    return nfkd(nfkd(unicodedata.normalize("NFD", text).casefold()).casefold())


@given(st.one_of(usernames, texts))
def test_a_username_is_taken_or_refused_for_a_reason(typed):
    fault = fault_of(names.username, typed)

    assert fault in {None, "missing", "length", "characters"}
    if fault is None:
        username = names.username(typed)
        assert username.kept.isascii()
        assert username.kept.isprintable()
        assert not set(username.kept) & set("@ /\\<>\"'")
        assert 3 <= len(username.kept) <= 32
        assert username.key == username.kept.lower()
        assert names.username(username.kept) == username
        assert names.identifier_keys(typed) == (None, username.key)


@given(honest_usernames, st.data())
def test_every_way_to_type_a_username_finds_the_same(typed, data):
    username = names.username(typed)
    again = data.draw(spellings(username.kept))

    assert names.identifier_keys(again) == (None, username.key)


@given(st.one_of(typed_addresses, usernames, texts))
def test_what_is_typed_is_an_address_or_a_username_and_never_both(typed):
    address, username = names.identifier_keys(typed)

    assert address is None or "@" in address
    assert username is None or "@" not in username
    assert None in (address, username)


@given(typed_addresses, texts)
def test_nothing_is_cut_off_to_make_a_name_of_it(typed, more):
    """What is too long is nobody's, not the name that it begins with."""
    padded = typed + " " * names.IDENTIFIER_MAX + "x" + more

    assert names.identifier_keys(padded) == (None, None)


@given(texts)
def test_a_display_name_is_one_line_that_shows_and_stays_as_it_is(typed):
    fault = fault_of(names.display_name, typed)

    assert fault in {None, "too_long"}
    if fault is None:
        name = names.display_name(typed)
        assert len(name) <= names.NAME_MAX
        assert len(name.splitlines()) <= 1
        assert shows("".join(one for one in name if one not in "\u200c\u200d"))
        assert names.display_name(name) == name
