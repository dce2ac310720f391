"""Keys: a seal opens for its own use or not at all, and a MAC fits one use and one value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import base64ish, damaged, texts

from unlatch.core.keys import Keys
from unlatch.core.secrets import to_base64url

KEYS = Keys([b"0123456789abcdef0123456789abcdef"])
OTHERS = Keys([b"fedcba9876543210fedcba9876543210"])
USES = st.sampled_from(("ceremony", "binding", "browser", "remembered", "opened-link:sign_in"))


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


@given(st.one_of(texts, base64ish, st.binary(min_size=1, max_size=90).map(to_base64url)))
def test_no_text_breaks_opening(text):
    with pytest.raises(ValueError):  # noqa: PT011 - any of ours: that it is one is the promise
        KEYS.open("ceremony", text)


@given(st.binary(max_size=40), st.binary(max_size=40), USES, USES)
def test_a_mac_is_for_one_use_and_one_value(data, other, use, other_use):
    mac = KEYS.mac(use, data)

    assert KEYS.mac_fits(use, data, mac)
    assert KEYS.mac_fits(other_use, other, mac) == ((use, data) == (other_use, other))
    assert not OTHERS.mac_fits(use, data, mac)
