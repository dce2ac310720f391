"""Ceremonies: sealed, of one look, for one thing, for a while."""

import pytest

from unlatch.core import ceremonies
from unlatch.core.ceremonies import FUTURE_SLACK, LIFETIME, CeremonyKind
from unlatch.core.keys import Keys
from unlatch.core.times import SECOND
from unlatch.errors import CeremonyGone

SIGN_IN = CeremonyKind.SIGN_IN
SOMEBODY = "6d3d0c1e-0000-4000-8000-000000000001"


@pytest.fixture
def ceremony(now):
    return ceremonies.begin(
        SIGN_IN, now=now, account_id=SOMEBODY, named=True, session_hash=b"s" * 32
    )


def open_it(ceremony, keys, now, *, kind=SIGN_IN, sealed=None):
    cookies = {ceremony.cookie_name: sealed or ceremonies.seal(ceremony, keys)}
    return ceremonies.open_for_challenge(ceremony.challenge, cookies, kind=kind, keys=keys, now=now)


def test_what_was_begun_is_found_again_by_its_challenge(ceremony, keys, now):
    assert open_it(ceremony, keys, now) == ceremony


def test_seals_are_of_one_length_for_every_kind_and_account(keys, now):
    lengths = {
        len(ceremonies.seal(ceremonies.begin(kind, now=at, account_id=who, named=named), keys))
        for kind in CeremonyKind
        for who in (None, SOMEBODY)
        for named in (False, True)
        for at in (0, now)
    }

    assert len(lengths) == 1


def test_nobody_is_a_random_account(now):
    begun = [ceremonies.begin(SIGN_IN, now=now, named=True) for _ in range(10)]

    assert len({one.account_id for one in begun}) == 10


@pytest.mark.parametrize("kind", [CeremonyKind.ADD_PASSKEY, CeremonyKind.STEP_UP])
def test_a_ceremony_finishes_as_what_it_was_begun(ceremony, keys, now, kind):
    with pytest.raises(CeremonyGone, match="for something else"):
        open_it(ceremony, keys, now, kind=kind)


@pytest.mark.parametrize(
    ("passed", "good"),
    [
        (0, True),
        (LIFETIME, True),
        (LIFETIME + 1, False),
        (-FUTURE_SLACK, True),
        (-FUTURE_SLACK - 1, False),
    ],
)
def test_a_ceremony_lives_six_minutes_and_forgives_clocks_half_a_minute(
    ceremony, keys, now, passed, good
):
    if good:
        assert open_it(ceremony, keys, now + passed)
    else:
        with pytest.raises(CeremonyGone, match="too long ago"):
            open_it(ceremony, keys, now + passed)


def test_a_cookie_under_anothers_name_is_not_taken(ceremony, keys, now):
    """Else a cookie could be renamed to answer another challenge."""
    other = ceremonies.begin(SIGN_IN, now=now)

    with pytest.raises(CeremonyGone):
        open_it(ceremony, keys, now, sealed=ceremonies.seal(other, keys))


@pytest.mark.parametrize("sealed", ["x", "A" * 200, "é", "=" * 8])
def test_a_cookie_that_is_not_ours_is_no_ceremony(ceremony, keys, now, sealed):
    with pytest.raises(CeremonyGone, match="seal"):
        open_it(ceremony, keys, now, sealed=sealed)


def test_a_seal_of_another_use_or_length_is_no_ceremony(ceremony, keys, now):
    for sealed in (keys.seal("browser", bytes(90)), keys.seal("ceremony", bytes(16))):
        with pytest.raises(CeremonyGone):
            open_it(ceremony, keys, now, sealed=sealed)


def test_an_unknown_kind_is_no_ceremony(ceremony, keys, now):
    """From a newer version, rolled back."""
    sealed = keys.seal("ceremony", b"\xff" + bytes(89))

    with pytest.raises(CeremonyGone):
        open_it(ceremony, keys, now, sealed=sealed)


def test_another_sites_keys_open_nothing(ceremony, keys, now):
    with pytest.raises(CeremonyGone):
        open_it(ceremony, keys, now, sealed=ceremonies.seal(ceremony, Keys([b"x" * 32])))


@pytest.mark.parametrize("challenge", [b"", b"A", bytes(32), b"x" * 10_000])
def test_a_challenge_that_is_none_of_ours_has_no_ceremony(keys, now, challenge):
    with pytest.raises(CeremonyGone):
        ceremonies.open_for_challenge(challenge, {}, kind=SIGN_IN, keys=keys, now=now)


def test_marks_sort_by_time_for_sweeping(now):
    later = [ceremonies.begin(SIGN_IN, now=now + at).mark for at in (2 * SECOND, 0, SECOND)]

    assert sorted(later) == [later[1], later[2], later[0]]
    assert len(set(later)) == 3
    assert {len(one) for one in later} == {24}


def test_every_ceremony_has_a_cookie_of_its_own(now):
    begun = [ceremonies.begin(SIGN_IN, now=now) for _ in range(100)]

    assert len({one.cookie_name for one in begun}) == 100
    assert {len(one.cookie_name) for one in begun} == {16}


def test_a_ceremony_does_not_show_its_secrets(ceremony):
    assert repr(ceremony.challenge) not in repr(ceremony)
    assert "session_hash" not in repr(ceremony)
