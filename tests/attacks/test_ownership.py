"""A real passkey, rightly signed, of the wrong person: whoever has an account of his own offers its
passkey where another's is asked for.
"""

from typing import Any

import pytest
from ceremonies import ACCEPTED, FRESH, GONE, REFUSED, SIGN_IN, sign_ins, verdict

from unlatch.testing import SoftAuthenticator


def answered(options, key, **bend):
    """By a device that does not care whose passkeys were asked for."""
    mine = key.credentials[0]
    return key.get(options, credential=mine, **bend)


@pytest.mark.parametrize("handle", ["own", "theirs", "none"])
def test_another_accounts_passkey_in_a_named_sign_in_is_refused(mira, noah, visitor, kept, handle):
    options = visitor.begin_sign_in(identifier="mira")
    said = {
        "own": {},
        "theirs": {"user_handle": kept.account("mira").user_handle},
        "none": {"user_handle": None},
    }[handle]

    assert verdict(visitor.json(SIGN_IN, answered(options, noah.key, **said))) == REFUSED
    assert visitor.session is None


def test_no_passkey_finishes_a_sign_in_named_for_nobody(mira, visitor):
    """No list of passkeys, or an empty one, never means "anybody's"."""
    options = visitor.begin_sign_in(identifier="nobody")

    assert verdict(visitor.json(SIGN_IN, answered(options, mira.key))) == REFUSED


def test_another_accounts_passkey_proves_nothing_in_a_session(mira, noah, clock):
    clock.move(minutes=6)
    options = mira.begin_fresh()

    assert verdict(mira.json(FRESH, answered(options, noah.key))) == REFUSED
    assert mira.get("/vault").status_code == 303


def test_another_accounts_ceremony_proves_nothing_in_a_session(mira, noah, clock):
    """Not with its cookie, and not with the right passkey either."""
    clock.move(minutes=6)
    options = noah.begin_fresh()
    mira.with_cookies_of(noah, like="-c-")

    assert verdict(mira.json(FRESH, answered(options, mira.key))) == GONE
    assert mira.get("/vault").status_code == 303


def test_a_passkey_younger_than_its_named_ceremony_is_refused(mira, visitor, clock):
    """Whoever gets to add one does not finish with it what was begun before."""
    options = visitor.begin_sign_in(identifier="mira")
    clock.move(seconds=1)
    young = SoftAuthenticator(origin=mira.site)
    assert mira.add_passkey(young).status_code == 201

    assert verdict(visitor.json(SIGN_IN, answered(options, young))) == REFUSED
    options = visitor.begin_sign_in(identifier="mira")
    assert verdict(visitor.json(SIGN_IN, answered(options, young))) == ACCEPTED


def test_without_a_name_the_user_handle_says_who(mira, noah, kept):
    mira.sign_out()
    bends: dict[str, dict[str, Any]] = {
        "none": {"user_handle": None},
        "an empty one": {"user_handle": b""},
        "another account's": {"user_handle": kept.account("noah").user_handle},
        "nobody's": {"user_handle": b"x" * 64},
        "the account's id": {"user_handle": kept.account("mira").id.encode()},
        "one byte less": {"user_handle": kept.account("mira").user_handle[:-1]},
    }

    assert sign_ins(mira, bends) == dict.fromkeys(bends, REFUSED)
    assert mira.session is None


def test_with_a_name_a_user_handle_is_that_accounts_or_absent(mira, noah, visitor, kept):
    def signed_in(**said):
        options = visitor.begin_sign_in(identifier="mira")
        return verdict(visitor.json(SIGN_IN, answered(options, mira.key, **said)))

    assert signed_in(user_handle=kept.account("noah").user_handle) == REFUSED
    assert signed_in(user_handle=None) == ACCEPTED
