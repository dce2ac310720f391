"""A found phone or key, touched by somebody who knows neither PIN nor finger; the page asks for
user verification, but only the device's flags say whether it was done.
"""

import pytest
from ceremonies import REFUSED, additions, proofs, sign_ins

UNVERIFIED = {
    "nobody verified": {"user_verified": False},
    "nobody there": {"user_present": False},
    "neither": {"user_verified": False, "user_present": False},
}


@pytest.mark.parametrize("attempt", [sign_ins, additions, proofs])
def test_an_unverified_touch_is_refused(mira, kept, attempt):
    before = kept.kinds()

    assert attempt(mira, UNVERIFIED) == dict.fromkeys(UNVERIFIED, REFUSED)
    assert kept.kinds() == before


def test_verification_is_asked_for_everywhere(mira):
    selection = mira.begin_passkey()["publicKey"]["authenticatorSelection"]
    asked = [mira.begin_sign_in(), mira.begin_sign_in(identifier="mira"), mira.begin_fresh()]

    assert selection["userVerification"] == "required"
    assert {one["publicKey"]["userVerification"] for one in asked} == {"required"}
