"""What browsers keep for us sealed: it opens as what it was, or as nothing.

Also when the seal is good and what is in it is not: another version of ours may have made it.
"""

import uuid
from contextlib import suppress

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import as_json, damaged, json_values, objects, texts

from unlatch.core import binding, ceremonies
from unlatch.core.binding import Asked, Binding
from unlatch.core.ceremonies import Ceremony, CeremonyKind
from unlatch.core.keys import Keys
from unlatch.core.kinds import Purpose
from unlatch.errors import CeremonyGone

KEYS = Keys([b"0123456789abcdef0123456789abcdef"])
NOW = 1_800_000_000_000_000
MOMENTS = st.integers(0, 2 * NOW)

begun = st.builds(
    Ceremony,
    kind=st.sampled_from(CeremonyKind),
    challenge=st.binary(min_size=32, max_size=32),
    begun_at=MOMENTS,
    account_id=st.uuids().map(str),
    named=st.booleans(),
    session_hash=st.binary(min_size=32, max_size=32),
)
sent_asked = st.builds(Asked, st.uuids().map(str), texts.filter(str.isprintable), MOMENTS)
bindings = st.builds(
    Binding,
    st.binary(min_size=32, max_size=32),
    st.dictionaries(st.sampled_from([one.value for one in Purpose]), sent_asked, min_size=1),
)


@given(begun)
def test_a_ceremony_goes_there_and_back_at_one_length(ceremony):
    sealed = ceremonies.seal(ceremony, KEYS)

    assert ceremonies.open_sealed(sealed, KEYS) == ceremony
    assert len(sealed) == len(ceremonies.seal(ceremonies.begin(ceremony.kind, now=NOW), KEYS))


@given(begun, st.data())
def test_a_ceremony_that_was_touched_is_gone(ceremony, data):
    sealed = data.draw(damaged(ceremonies.seal(ceremony, KEYS)))

    with pytest.raises(CeremonyGone):
        ceremonies.open_sealed(sealed, KEYS)


@given(begun, st.sampled_from(CeremonyKind), MOMENTS)
def test_a_ceremony_finishes_only_as_what_it_was_and_in_its_time(ceremony, kind, now):
    kept = {ceremony.cookie_name: ceremonies.seal(ceremony, KEYS)}
    in_time = now - ceremonies.LIFETIME <= ceremony.begun_at <= now + ceremonies.FUTURE_SLACK

    try:
        found = ceremonies.open_for_challenge(
            ceremony.challenge, kept, kind=kind, keys=KEYS, now=now
        )
    except CeremonyGone:
        assert kind is not ceremony.kind or not in_time
    else:
        assert found == ceremony
        assert kind is ceremony.kind
        assert in_time


@given(st.one_of(texts.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=120)))
def test_whatever_a_good_seal_holds_is_a_ceremony_or_gone(content):
    with suppress(CeremonyGone):
        assert isinstance(ceremonies.open_sealed(KEYS.seal("ceremony", content), KEYS), Ceremony)


@given(bindings)
def test_a_binding_goes_there_and_back(bound):
    newest = max(one.at for one in bound.newest.values())

    assert binding.open_sealed(binding.seal(bound, KEYS), KEYS, now=newest) == bound
    late = newest + binding.LIFETIME
    assert binding.open_sealed(binding.seal(bound, KEYS), KEYS, now=late) is None


@given(bindings, st.data())
def test_a_binding_that_was_touched_is_none(bound, data):
    sealed = data.draw(damaged(binding.seal(bound, KEYS)))

    assert binding.open_sealed(sealed, KEYS, now=0) is None


nearly_bindings = st.fixed_dictionaries(
    {},
    optional={
        "secret": st.one_of(json_values, st.just("AAAA")),
        "newest": st.one_of(
            json_values,
            st.dictionaries(
                st.sampled_from(("sign_in", "x")),
                st.fixed_dictionaries(
                    {}, optional={"mail_id": json_values, "typed": json_values, "at": json_values}
                ),
            ),
        ),
    },
).map(as_json)


@given(st.one_of(nearly_bindings, objects("secret", "newest").map(as_json), st.binary()))
@example(b'{"secret": "AAAA", "newest": {"sign_in": {"mail_id": "x", "typed": "", "at": 1e999}}}')
@example(b"[" * 5000)
def test_whatever_a_good_seal_holds_is_a_binding_or_none(content):
    bound = binding.open_sealed(KEYS.seal("binding", content), KEYS, now=0)

    assert bound is None or msgspec.convert(msgspec.to_builtins(bound), Binding) == bound


@given(texts)
def test_no_text_opens(text):
    assert binding.open_sealed(text, KEYS, now=0) is None
    with pytest.raises(CeremonyGone):
        ceremonies.open_sealed(text, KEYS)


@given(st.sampled_from(CeremonyKind))
def test_no_two_ceremonies_share_a_mark(kind):
    first, second = (ceremonies.begin(kind, now=NOW) for _ in range(2))

    assert first.mark != second.mark
    assert uuid.UUID(first.account_id) != uuid.UUID(second.account_id)
