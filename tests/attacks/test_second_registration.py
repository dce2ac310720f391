"""A second registration that replaces the first, or takes a passkey away from somebody: whoever
learns the id of another's passkey registers it as his own, and its owner signs in to him.
"""

from ceremonies import ADD, REFUSED, verdict

from unlatch.testing import SoftAuthenticator
from unlatch.testing.answers import text

EXISTS = (409, "passkey_exists")


def test_a_device_is_told_what_it_may_have_already(mira, kept):
    mira.add_passkey(SoftAuthenticator(origin=mira.site))

    excluded = mira.begin_passkey()["publicKey"]["excludeCredentials"]

    assert [one["id"] for one in excluded] == [text(one.credential_id) for one in kept.passkeys()]


def test_the_same_passkey_again_is_refused(mira, kept):
    """By a device that does not care what is excluded, with a new key under the old id."""
    before = kept.passkeys()
    again = SoftAuthenticator(origin=mira.site).create(
        mira.begin_passkey(), credential_id=before[0].credential_id
    )

    assert verdict(mira.json(ADD, again)) == EXISTS
    assert kept.passkeys() == before
    mira.sign_out()
    assert mira.sign_in().status_code == 200


def test_somebody_elses_passkey_is_refused_and_stays_theirs(mira, noah, kept):
    (theirs,) = kept.passkeys()
    stolen = SoftAuthenticator(origin=noah.site).create(
        noah.begin_passkey(), credential_id=theirs.credential_id
    )

    assert verdict(noah.json(ADD, stolen)) == EXISTS
    assert kept.passkeys() == [theirs]
    mira.sign_out()
    assert mira.sign_in().status_code == 200
    assert mira.session["account"]["username"] == "mira"


def test_another_id_than_was_attested_is_refused(mira, noah, kept):
    """Named beside the authenticator data, where nothing speaks for it."""
    named = text(kept.passkeys()[0].credential_id)

    answer = noah.add_passkey(
        SoftAuthenticator(origin=noah.site),
        tamper=lambda made: made | {"id": named, "rawId": named},
    )

    assert verdict(answer) == REFUSED
    assert len(kept.passkeys("noah")) == 1
