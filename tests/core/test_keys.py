"""Seals and MACs: every use has a key of its own, and a key that is gone opens nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlatch.core.keys import Keys
from unlatch.core.secrets import from_base64url, to_base64url

OLD, NEW = b"old" * 11, b"new" * 11


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again(data):
    keys = Keys([OLD])

    assert keys.open("ceremony", keys.seal("ceremony", data)) == data


def test_a_seal_never_looks_the_same_twice(keys):
    assert len({keys.seal("x", b"same") for _ in range(100)}) == 100


def test_a_seal_tells_nothing_but_its_length(keys):
    sealed = keys.seal("x", b"anna@example.org")

    assert b"anna" not in from_base64url(sealed)
    assert len(sealed) == len(keys.seal("x", b"mira@example.org"))


def test_what_is_sealed_for_one_use_opens_for_no_other(keys):
    sealed = keys.seal("browser", b"x")

    for use in ("remembered", "browse", "browserx", "", "seal:browser"):
        with pytest.raises(ValueError, match="not sealed here"):
            keys.open(use, sealed)


@given(st.integers(0, 43), st.integers(1, 255))
def test_a_changed_seal_does_not_open(position, change):
    keys = Keys([OLD])
    blob = bytearray(from_base64url(keys.seal("x", b"sixteen bytes ..")))
    blob[position] ^= change

    with pytest.raises(ValueError, match="not sealed here"):
        keys.open("x", to_base64url(bytes(blob)))


def test_keys_are_changed_in_three_rolls():
    """`old,new`, then `new,old`, then `new`: nobody is forgotten between two of them."""
    rolls = [Keys(keys) for keys in ([OLD], [OLD, NEW], [NEW, OLD], [NEW])]

    for before, after in pairwise(rolls):
        for one, other in ((before, after), (after, before)):  # machines change one by one
            assert other.mac_fits("x", b"data", one.mac("x", b"data"))
            assert other.open("x", one.seal("x", b"data")) == b"data"


def test_a_key_that_is_gone_opens_nothing():
    sealed, mac = Keys([OLD]).seal("x", b"data"), Keys([OLD]).mac("x", b"data")

    with pytest.raises(ValueError, match="not sealed here"):
        Keys([NEW]).open("x", sealed)
    assert not Keys([NEW]).mac_fits("x", b"data", mac)


def test_a_mac_is_of_its_use_and_its_data(keys):
    mac = keys.mac("x", b"data")

    assert len(mac) == 16
    assert keys.mac_fits("x", b"data", mac)
    assert not keys.mac_fits("y", b"data", mac)
    assert not keys.mac_fits("x", b"date", mac)
    assert not keys.mac_fits("x", b"data", mac[:-1])
    assert not keys.mac_fits("x", b"data", b"")


def test_a_mac_and_a_seal_of_one_name_have_different_keys(keys):
    assert keys._derived(OLD, "mac:x") != keys._derived(OLD, "seal:x")
