"""A copy of a key that counts: its counter stands still or goes back, because the other one has
been used meanwhile.
"""

import pytest
from ceremonies import ACCEPTED, REFUSED, proofs, sign_ins, verdict

from unlatch.testing import SoftAuthenticator


@pytest.fixture
def owner(come_from):
    """Somebody whose key has counted to 3."""
    owner = come_from(
        "127.5.0.1", key=SoftAuthenticator(origin="https://acme.example", counts=True)
    )
    owner.register()
    owner.add_passkey()
    for _ in range(2):
        assert owner.sign_in().status_code == 200
    return owner


@pytest.mark.parametrize("attempt", [sign_ins, proofs])
@pytest.mark.parametrize("counted", [3, 2, 1])
def test_a_counter_that_does_not_go_on_is_refused_and_recorded(owner, kept, counted, attempt):
    (passkey,) = kept.passkeys()
    owner.key.credentials[0].sign_count = counted - 1  # each use counts one up

    assert attempt(owner, {"again": {}}) == {"again": REFUSED}
    event = kept.events()[-1]
    assert event.kind == "counter_stood_still"
    assert event.facts == {"passkey": passkey.id, "kept": 3, "seen": counted}
    assert kept.passkeys() == [passkey]


def test_a_counter_that_is_no_longer_kept_is_refused(owner, kept):
    owner.key.counts = False
    owner.key.credentials[0].sign_count = 0

    assert verdict(owner.sign_in()) == REFUSED
    assert kept.events()[-1].facts["seen"] == 0


def test_of_two_copies_the_one_behind_is_refused_and_nobody_is_locked_out(owner, kept):
    thief = owner.at_another_browser(key=owner.key.clone())
    assert owner.sign_in().status_code == 200

    assert verdict(thief.sign_in()) == REFUSED
    assert thief.session is None
    assert owner.sign_in().status_code == 200
    assert kept.kinds().count("counter_stood_still") == 1


def test_a_wrong_signature_records_nothing(owner, kept):
    """py_webauthn looks at the counter before the signature; a stranger fills no list of events,
    and cannot tell from the answer what was counted.
    """
    before = kept.kinds()

    def forged(answer):
        answer["response"]["signature"] = "AAAA"

    owner.key.credentials[0].sign_count = 0

    assert verdict(owner.sign_in(tamper=forged)) == REFUSED
    assert kept.kinds() == before


def test_a_key_that_never_counts_is_as_good(mira):
    twice: dict[str, dict[str, object]] = {"once": {}, "twice": {}}

    assert sign_ins(mira, twice) == dict.fromkeys(twice, ACCEPTED)


def test_a_key_may_begin_to_count(mira):
    assert mira.sign_in().status_code == 200
    mira.key.counts = 5

    assert mira.sign_in().status_code == 200
