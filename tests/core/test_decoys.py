"""Decoys look like passkeys, follow from name and secret, and are known again."""

from collections import Counter

import pytest

from unlatch.core.answer import TRANSPORTS
from unlatch.core.decoys import KEPT_AS, Decoys
from unlatch.errors import StoreError


class Meta:
    """Of a store."""

    def __init__(self, secret: bytes | None) -> None:
        self.kept = {KEPT_AS: secret}
        self.asked = 0

    def get(self, name: str) -> bytes | None:
        self.asked += 1
        return self.kept[name]


@pytest.fixture
def decoys():
    return Decoys(Meta(bytes(32)))


@pytest.fixture
def lists(decoys):
    """A thousand of them."""
    return [decoys.of(f"nobody{number}") for number in range(1000)]


def test_most_lists_have_one_and_some_have_several(lists):
    lengths = Counter(map(len, lists))

    assert lengths[1] in range(650, 850)
    assert lengths[2] in range(120, 260)
    assert lengths[3] in range(20, 90)
    assert min(lengths) == 1


def test_ids_are_as_long_and_reached_as_those_of_real_authenticators(lists):
    shapes = Counter((len(one.credential_id), one.transports) for made in lists for one in made)

    common = {shape for shape, _ in shapes.most_common(3)}
    assert common == {
        (20, ("hybrid", "internal")),
        (16, ("hybrid", "internal")),
        (32, ("internal",)),
    }
    assert {length for length, _ in shapes} == {16, 20, 32, 48, 64}
    for _, transports in shapes:
        assert set(transports) <= TRANSPORTS
        assert list(transports) == sorted(transports)  # as browsers tell them


def test_no_two_ids_are_the_same(lists):
    ids = [one.credential_id for made in lists for one in made]

    assert len(set(ids)) == len(ids)
    assert len({one[:8] for one in ids}) == len({one[-8:] for one in ids}) == len(ids)


def test_a_decoy_is_known_again_and_nothing_else_is(decoys, lists):
    ids = [one.credential_id for made in lists for one in made]
    others = Decoys(Meta(b"another".ljust(32, b".")))

    assert all(decoys.has(one) for one in ids)
    assert not any(others.has(one) for one in ids)
    assert not any(decoys.has(bytes([one[0] ^ 1]) + one[1:]) for one in ids)
    assert not any(decoys.has(one[:-1]) for one in ids)
    assert not decoys.has(b"")


def test_they_follow_from_name_and_secret_alone():
    same = [Decoys(Meta(bytes(32))).of("nobody") for _ in range(2)]
    other = Decoys(Meta(b"another".ljust(32, b"."))).of("nobody")

    assert same[0] == same[1]
    assert other != same[0]


def test_the_secret_is_read_once():
    store = Meta(bytes(32))
    decoys = Decoys(store)
    assert store.asked == 0

    decoys.of("nobody")
    decoys.of("somebody")
    decoys.has(bytes(32))

    assert store.asked == 1


def test_a_lost_secret_is_not_made_anew():
    with pytest.raises(StoreError, match="lost the secret"):
        Decoys(Meta(None)).of("nobody")


@pytest.mark.parametrize("name", ["", "\ud800", "\x00", "a" * 10_000])
def test_whatever_is_typed_has_decoys(decoys, name):
    assert decoys.of(name)
