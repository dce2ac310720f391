"""An empty list of passkeys means "any" to a browser: a sign-in for somebody who has none would
be finished by whoever has one.
"""

from typing import Any

import pytest
from people import Person

SIGN_IN = "/auth/sign-in/passkey"


@pytest.fixture
def omar(come_from):
    """An account without passkeys, signed in."""
    omar = come_from("127.7.7.7", username="omar", email="omar@example.com")
    omar.register()
    return omar


def taken(stranger: Person, options: dict[str, Any], at: str = SIGN_IN) -> bool:
    """Whether an answer of the stranger's own passkey is taken, that looks at no list."""
    told = options["publicKey"]
    assert told["allowCredentials"]
    answer = stranger.key.get({"challenge": told["challenge"], "rpId": told["rpId"]})
    return stranger.json(at, answer).status_code == 200


@pytest.mark.parametrize(
    "name", ["omar", "omar@example.com", "mira", "nobody", "nobody@example.com", "no", ""]
)
def test_a_sign_in_by_name_takes_no_one_elses_passkey(omar, mira, noah, name):
    noah.sign_out()

    assert not taken(noah, noah.begin_sign_in(identifier=name))
    assert noah.session is None


def test_nor_does_one_for_whom_this_browser_remembers(omar, noah):
    omar.sign_out()
    omar.key = noah.key

    assert not taken(omar, omar.begin_sign_in(remembered=True))
    assert omar.session is None


def test_nor_for_one_it_remembers_who_is_gone(omar, noah, kept):
    omar.sign_out()
    omar.key = noah.key
    with kept.stores.unit() as unit:
        unit.accounts.disable(kept.account("omar").id, now=1)

    assert not taken(omar, omar.begin_sign_in(remembered=True))


def test_nor_does_proving_again(omar, noah):
    omar.key = noah.key

    assert not taken(omar, omar.begin_fresh(), at="/auth/fresh/passkey")


def test_without_a_name_it_is_whose_passkey_it_is(mira, noah):
    """There the list is empty, and means any; the answer must say whose it is."""
    noah.sign_out()
    told = noah.begin_sign_in()["publicKey"]
    assert told["allowCredentials"] == []

    nameless = noah.json(SIGN_IN, noah.key.get(told, user_handle=None))
    assert nameless.status_code == 401

    assert noah.sign_in().status_code == 200
    assert noah.session["account"]["username"] == "noah"
