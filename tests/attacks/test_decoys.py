"""Somebody begins sign-ins by name and reads the lists of passkeys: an empty one, one that
changes, or one whose ids are treated otherwise would tell who has an account.
"""

import secrets

import pytest
import webauthn
from fixtures import person
from people import FACES, told

from unlatch.core.secrets import from_base64url, to_base64url
from unlatch.testing import SoftAuthenticator

SIGN_IN = "/auth/sign-in/passkey"


@pytest.fixture
def shown(visitor):
    """`shown("mira")`: what a stranger is shown of that name."""
    return lambda name, by=visitor: by.begin_sign_in(identifier=name)["publicKey"][
        "allowCredentials"
    ]


@pytest.fixture
def omar(come_from):
    """An account without passkeys."""
    omar = come_from("127.7.7.7", username="omar", email="omar@example.com")
    omar.register()
    return omar


def test_they_outlive_a_restart_with_other_secret_keys(start_app, home_origin, shown):
    before, after = (
        person(start_app(**keys), home_origin)
        for keys in ({}, {"UNLATCH_SECRET_KEYS": "KeysThatCameInTheirPlace-0123456789-0123456789"})
    )

    assert shown("nobody", before) == shown("nobody", after) != []


def test_every_name_has_others_and_every_spelling_the_same(shown, omar):
    """The username and the address of an account without passkeys are two names: one list for
    both would tell that they belong together, and so that they are somebody's.
    """
    names = ["omar", "omar@example.com", "nobody", "nobody@example.com", "no", ""]
    ids = [one["id"] for name in names for one in shown(name)]

    assert len(set(ids)) == len(ids)
    assert shown("omar") == shown("OMAR") == shown(" \uff4fmar ") != shown("omar2")
    assert (
        shown("nobody@example.com")
        == shown("Nobody@EXAMPLE.com")
        == shown("NOBODY\uff20example.com")
    )


def test_they_are_in_an_order_that_tells_nothing(mira, shown):
    """Those of Mira, too: else hers would be the only ones that are not sorted."""
    for _ in range(5):
        mira.key = type(mira.key)(origin=mira.site)
        assert mira.add_passkey().status_code == 201
    lists = [shown("mira"), *(shown(f"nobody{number}") for number in range(40))]

    assert len(lists[0]) == 6
    for ids in ([from_base64url(one["id"]) for one in shown] for shown in lists):
        assert ids == sorted(ids)


def test_they_are_refused_like_a_bad_signature(mira, visitor, come_from):
    """Also in a sign-in without a name, where an unknown passkey is called so."""

    def refusal(name, *, named):
        (claimed, *_) = visitor.begin_sign_in(identifier=name)["publicKey"]["allowCredentials"]
        begun = visitor.begin_sign_in(**({"identifier": name} if named else {}))
        key = come_from("127.8.8.8").key
        key.create(mira.begin_passkey())
        stolen = key.get(
            {"challenge": begun["publicKey"]["challenge"], "rpId": "acme.example"},
            tamper=lambda made: made | {"id": claimed["id"], "rawId": claimed["id"]},
        )
        answer = visitor.json(SIGN_IN, stolen)
        return answer.status_code, answer.text

    refusals = {
        refusal(name, named=named) for name in ("mira", "nobody") for named in (True, False)
    }

    assert len(refusals) == 1
    ((status, text),) = refusals
    assert status == 401
    assert "unknown" not in text


@pytest.mark.parametrize("named", [True, False])
def test_their_signature_is_checked_too(mira, visitor, shown, monkeypatch, named):
    """For nothing: but how long a refusal takes would tell decoys from passkeys."""
    checked = []

    def check(**asked):
        checked.append(asked)
        raise ValueError

    monkeypatch.setattr(webauthn, "verify_authentication_response", check)
    for name in ("mira", "nobody"):
        (claimed, *_) = shown(name)
        options = visitor.begin_sign_in(**({"identifier": name} if named else {}))["publicKey"]
        asked = {"challenge": options["challenge"], "rpId": options["rpId"]}
        answer = mira.key.get(asked, user_handle=None)
        answer["id"] = answer["rawId"] = claimed["id"]
        assert visitor.json(SIGN_IN, answer).status_code == 401

    assert len(checked) == 2


def test_they_are_taken_as_a_passkey_of_somebodys_is(mira, noah, shown):
    """Noah registers a key of his own under the ids that he was shown for others: one that is
    free would be a decoy, and taken would mean that the name is somebody's.
    """

    def claim(name):
        claimed = from_base64url(shown(name)[0]["id"])
        key = SoftAuthenticator(origin=noah.site)
        refused = noah.add_passkey(key, credential_id=claimed)
        return refused.status_code, told(refused).get("error")

    assert claim("mira") == claim("nobody") == claim("nobody") == (409, "passkey_exists")
    assert len(noah.passkeys()) == 1


def test_a_decoy_changed_in_one_letter_is_a_passkey_that_nobody_has(mira, visitor, shown):
    (decoy, *_) = shown("nobody")
    changed = to_base64url(from_base64url(decoy["id"])[:-8] + secrets.token_bytes(8))

    assert not _called_unknown(mira, visitor, decoy["id"])
    assert _called_unknown(mira, visitor, changed)


def test_an_account_that_is_disabled_shows_what_it_showed(mira, kept, shown):
    """A list that turns into decoys would tell that there is an account, and what befell it."""
    before = shown("mira")
    with kept.stores.unit() as unit:
        unit.accounts.disable(kept.account().id, now=1)

    assert shown("mira") == before
    options = mira.begin_sign_in(identifier="mira")
    assert mira.json(SIGN_IN, mira.key.get(options)).status_code == 401


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "x" * 5000, "@", "\u0301" * 320])
def test_a_name_that_can_be_nobodys_has_decoys_too(visitor, shown, name):
    assert shown(name)


def _called_unknown(mira, visitor, credential_id):
    answer = mira.key.get(
        visitor.begin_sign_in(),
        tamper=lambda made: made | {"id": credential_id, "rawId": credential_id},
    )
    refused = visitor.ask("POST", SIGN_IN, headers=FACES["json"], json=answer)
    assert refused.status_code == 401
    return "unknown_passkey" in refused.json
