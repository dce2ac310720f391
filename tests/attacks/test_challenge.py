"""An answer to a challenge that was not put to this browser, for this purpose, just now."""

import pytest
from ceremonies import ACCEPTED, ADD, ADDED, FRESH, GONE, REFUSED, SIGN_IN, verdict

from unlatch.testing import SoftAuthenticator


def ceremony_cookies(person):
    return {name: value for name, value in person.cookies.items() if "-c-" in name}


def test_a_ceremony_begun_in_another_browser_is_refused(mira, visitor):
    """A thief has his victim touch the key for a challenge of his own."""
    answer = mira.key.get(visitor.begin_sign_in())

    assert verdict(mira.json(SIGN_IN, answer)) == GONE


def test_a_challenge_that_nobody_put_is_refused(mira):
    mira.sign_out()

    assert verdict(mira.sign_in(challenge=b"c" * 32)) == GONE


def test_a_ceremony_cookie_under_anothers_name_is_refused(mira):
    """The name leads to it, but what counts is the challenge under the seal."""
    mira.sign_out()
    mira.begin_sign_in()
    ((_, sealed),) = ceremony_cookies(mira).items()
    answer = mira.key.get(mira.begin_sign_in())
    (name,) = (name for name, value in ceremony_cookies(mira).items() if value != sealed)
    mira.set_cookie(name, sealed)

    assert verdict(mira.json(SIGN_IN, answer)) == GONE


@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_tampered_seal_is_refused(mira, at):
    mira.sign_out()
    answer = mira.key.get(mira.begin_sign_in())
    ((name, sealed),) = ceremony_cookies(mira).items()
    letters = list(sealed)
    letters[at] = "A" if letters[at] != "A" else "Q"
    mira.set_cookie(name, "".join(letters))

    assert verdict(mira.json(SIGN_IN, answer)) == GONE


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        ({"minutes": 5, "seconds": 59}, ACCEPTED),
        ({"minutes": 6}, GONE),
        ({"seconds": -29}, ACCEPTED),
        ({"seconds": -31}, GONE),
    ],
)
def test_a_ceremony_is_neither_old_nor_from_the_future(mira, clock, passed, expected):
    mira.sign_out()
    answer = mira.key.get(mira.begin_sign_in())

    clock.move(**passed)

    assert verdict(mira.json(SIGN_IN, answer)) == expected


def test_a_ceremony_serves_what_it_was_begun_for_alone(mira):
    """Every purpose's challenge, rightly signed, in every other's answer."""
    begin = {SIGN_IN: mira.begin_sign_in, ADD: mira.begin_passkey, FRESH: mira.begin_fresh}

    def answered(begun, finish):
        challenge = begin[begun]()["publicKey"]["challenge"]
        if finish == ADD:
            wanted = mira.begin_passkey()["publicKey"] | {"challenge": challenge}
            return SoftAuthenticator(origin=mira.site).create(wanted)
        return mira.key.get({"challenge": challenge, "rpId": "acme.example"})

    crossed = {
        (begun, finish): verdict(mira.json(finish, answered(begun, finish)))
        for begun in begin
        for finish in begin
        if begun != finish
    }

    assert crossed == dict.fromkeys(crossed, GONE)
    straight = [verdict(mira.json(one, answered(one, one))) for one in (FRESH, ADD, SIGN_IN)]
    assert straight == [ACCEPTED, ADDED, ACCEPTED]


def test_an_assertion_is_no_registration_and_the_other_way_round(mira, kept):
    """The type that the browser signs keeps the two apart, where the challenge does not."""
    as_registration = mira.add_passkey(
        SoftAuthenticator(origin=mira.site), client_data_type="webauthn.get"
    )
    mira.sign_out()
    as_assertion = mira.sign_in(client_data_type="webauthn.create")

    assert [verdict(as_registration), verdict(as_assertion)] == [REFUSED, REFUSED]
    assert len(kept.passkeys()) == 1
