"""A refusal may add that nobody has the passkey, so that the device forgets it: told of the wrong
one, it would tell who has an account, or make somebody's device drop a good passkey.
"""

import pytest

SIGN_IN = "/auth/sign-in/passkey"


@pytest.fixture
def orphan(mira, come_from):
    """A key whose passkey was made for this site, and that the site does not have."""
    key = come_from("127.8.8.8").key
    key.create(mira.begin_passkey())
    return key


@pytest.fixture
def answer(visitor):
    """`answer(key, **named)`: what the site says to it, in a sign-in begun so."""

    def sent(key, *, bend=None, **named):
        options = visitor.begin_sign_in(**named)["publicKey"]
        asked = {"challenge": options["challenge"], "rpId": options["rpId"]}
        answer = visitor.json(SIGN_IN, key.get(asked, **(bend or {})))
        assert answer.status_code == 401
        assert answer.json["error"] == "passkey_refused"
        return answer.json

    return sent


def test_a_passkey_that_nobody_has_is_called_so(orphan, answer):
    assert answer(orphan)["unknown_passkey"] is True


@pytest.mark.parametrize("name", ["mira", "mira@example.com", "nobody"])
def test_but_never_where_somebody_was_named(orphan, answer, name):
    """It would tell whether the name has this passkey."""
    assert "unknown_passkey" not in answer(orphan, identifier=name)


def test_nor_where_this_browser_remembers_somebody(mira, orphan):
    mira.sign_out()
    options = mira.begin_sign_in(remembered=True)["publicKey"]
    asked = {"challenge": options["challenge"], "rpId": options["rpId"]}

    refused = mira.json(SIGN_IN, orphan.get(asked))

    assert refused.status_code == 401
    assert "unknown_passkey" not in refused.json


def test_nor_of_a_decoy(visitor, orphan, answer):
    """It would tell that the name it was shown for is nobody's."""
    decoy = visitor.begin_sign_in(identifier="nobody")["publicKey"]["allowCredentials"][0]["id"]
    claims = {"tamper": lambda made: made | {"id": decoy, "rawId": decoy}}

    assert "unknown_passkey" not in answer(orphan, bend=claims)


@pytest.mark.parametrize(
    "bend", [{"user_verified": False}, {"user_handle": b"x" * 64}, {"user_handle": None}]
)
def test_nor_of_a_passkey_that_somebody_has(mira, answer, bend):
    """However wrong the answer: her device would drop it."""
    assert "unknown_passkey" not in answer(mira.key, bend=bend)


def test_nor_of_one_whose_account_is_disabled(mira, answer, kept):
    with kept.stores.unit() as unit:
        unit.accounts.disable(kept.account().id, now=1)

    assert "unknown_passkey" not in answer(mira.key)


def test_nor_where_somebody_proves_again(mira, orphan):
    options = mira.begin_fresh()["publicKey"]
    asked = {"challenge": options["challenge"], "rpId": options["rpId"]}

    refused = mira.json("/auth/fresh/passkey", orphan.get(asked))

    assert refused.json["error"] == "passkey_refused"
    assert "unknown_passkey" not in refused.json


def test_one_that_was_made_on_the_device_but_refused_here_is_unknown(mira, visitor, answer):
    """The device has it all the same. The page has it forgotten at once, by the refusal's name
    (tests/browser/test_ceremonies.py); whoever uses it later hears that nobody has it.
    """
    mira.key.credentials.clear()

    refused = mira.add_passkey(user_verified=False)

    assert (refused.status_code, refused.json["error"]) == (401, "passkey_refused")
    assert len(mira.passkeys()) == 1
    assert len(mira.key.credentials) == 1
    assert answer(mira.key)["unknown_passkey"] is True
