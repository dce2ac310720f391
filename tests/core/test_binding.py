"""The binding: what ties a mail to the browser that asked for it."""

import pytest

from unlatch.core import binding
from unlatch.core.binding import ASK_AGAIN_AFTER, LIFETIME, Asked, new_binding
from unlatch.core.kinds import Purpose
from unlatch.core.times import SECOND
from unlatch.errors import TooSoon

SIGN_IN, CONFIRM, FRESH = Purpose.SIGN_IN, Purpose.CONFIRM, Purpose.FRESH


@pytest.fixture
def bound(now):
    return new_binding().with_asked(SIGN_IN, Asked("mail-1", "anna", now))


def test_a_binding_goes_into_its_cookie_and_back(bound, keys, now):
    assert binding.open_sealed(binding.seal(bound, keys), keys, now=now) == bound


def test_every_browser_has_a_binding_of_its_own():
    assert len({new_binding().hash for _ in range(100)}) == 100


def test_the_newest_mail_counts_for_each_purpose_alone(bound, now):
    later = bound.with_asked(SIGN_IN, Asked("mail-2", "anna", now + 1))
    both = later.with_asked(FRESH, Asked("mail-3", "anna", now))

    assert both.asked(SIGN_IN) == Asked("mail-2", "anna", now + 1)
    assert both.asked(FRESH) == Asked("mail-3", "anna", now)
    assert both.asked(CONFIRM) is None
    assert both.hash == bound.hash


@pytest.mark.parametrize(
    ("passed", "left"),
    [
        (0, 60),
        (1, 60),
        (SECOND, 59),
        (59 * SECOND, 1),
        (ASK_AGAIN_AFTER - 1, 1),
    ],
)
def test_one_mail_a_minute(bound, now, passed, left):
    assert bound.seconds_until_again(SIGN_IN, now=now + passed) == left
    with pytest.raises(TooSoon) as refused:
        bound.require_patience(SIGN_IN, now=now + passed)
    assert refused.value.facts == {"retry_after": left}


def test_after_a_minute_the_next_may_be_asked_for(bound, now):
    assert bound.seconds_until_again(SIGN_IN, now=now + ASK_AGAIN_AFTER) == 0
    bound.require_patience(SIGN_IN, now=now + ASK_AGAIN_AFTER)


def test_for_another_purpose_there_is_no_minute_to_wait(bound, now):
    bound.require_patience(CONFIRM, now=now)


def test_a_new_reason_to_write_waits_for_nothing(bound, now):
    bound.without(SIGN_IN).require_patience(SIGN_IN, now=now)

    assert bound.without(SIGN_IN).hash == bound.hash


@pytest.mark.parametrize(("passed", "good"), [(LIFETIME - 1, True), (LIFETIME, False)])
def test_a_binding_lives_a_quarter_of_an_hour_after_the_newest(bound, keys, now, passed, good):
    found = binding.open_sealed(binding.seal(bound, keys), keys, now=now + passed)

    assert (found == bound) if good else (found is None)


def test_asking_renews_it(bound, keys, now):
    later = bound.with_asked(FRESH, Asked("mail-2", "anna", now + LIFETIME - 1))

    assert binding.open_sealed(binding.seal(later, keys), keys, now=now + LIFETIME) == later


def test_a_binding_that_asked_for_nothing_is_none(keys, now):
    assert binding.open_sealed(binding.seal(new_binding(), keys), keys, now=now) is None


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b'{"secret": 7, "newest": {}}']
)
def test_a_seal_that_holds_something_else_is_none(keys, now, data):
    assert binding.open_sealed(keys.seal("binding", data), keys, now=now) is None


@pytest.mark.parametrize("sealed", ["", "x", "A" * 100, "é"])
def test_a_cookie_that_is_not_ours_is_none(keys, now, sealed):
    assert binding.open_sealed(sealed, keys, now=now) is None


def test_a_binding_does_not_show_its_secret(bound):
    assert repr(bound.secret) not in repr(bound)
