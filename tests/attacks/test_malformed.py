"""Rubbish that makes a library stumble: whatever it raises, the visitor gets one refusal that says
nothing, and the log the class of the error.
"""

import logging

import cbor2
import pytest
import webauthn as py_webauthn
from ceremonies import ADD, MALFORMED, REFUSED, SIGN_IN, additions, sign_ins, verdict
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn.helpers.exceptions import InvalidRegistrationResponse

from unlatch.core import webauthn
from unlatch.testing.answers import raw, text

ERRORS = [
    InvalidRegistrationResponse,
    InvalidSignature,
    UnsupportedAlgorithm,
    cbor2.CBORDecodeEOF,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
]


@pytest.mark.parametrize("step", ["verify_authentication_response", "check_authenticator_data"])
def test_whatever_a_sign_in_raises_is_one_refusal(mira, monkeypatch, caplog, step):
    mira.sign_out()
    answers, told = set(), []
    for error in ERRORS:
        monkeypatch.setattr(*place(step), raising(error))
        with caplog.at_level(logging.INFO, "unlatch"):
            answer = mira.sign_in()
        answers.add((*verdict(answer), answer.text))
        told.append(error.__name__ in caplog.text)
        caplog.clear()
        mira.client.address = f"127.78.0.{len(told)}"

    ((status, reason, words),) = answers
    assert (status, reason) == REFUSED
    assert "secret of the library" not in words
    assert all(told)


@pytest.mark.parametrize(
    "step", ["verify_registration_response", "check_attestation_object", "require_sane"]
)
def test_whatever_a_new_passkey_raises_is_one_refusal(mira, monkeypatch, kept, step):
    for error in ERRORS:
        monkeypatch.setattr(*place(step), raising(error))
        assert additions(mira, {"it": {}}) == {"it": REFUSED}, error

    assert len(kept.passkeys()) == 1


def place(step):
    """Where a check-list finds a step: in the library, or in a file of ours."""
    return (webauthn, step) if hasattr(webauthn, step) else (py_webauthn, step)


def raising(error):
    def fail(*_, **__):
        raise error("secret of the library")

    return fail


def response(**parts):
    """A bend that gives other parts to the response."""
    return {"tamper": lambda answer: answer["response"].update(parts)}


RUBBISH: dict[str, object] = {
    "None": None,
    "a number": 7,
    "a list": ["e30"],
    "an object": {},
    "text": "é",
    "a surrogate": "\ud800",
}


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
def test_no_part_of_a_sign_in_breaks_anything(mira, part):
    mira.sign_out()
    bends = {name: response(**{part: value}) for name, value in RUBBISH.items()}
    bends |= {
        "empty": response(**{part: ""}),
        "one byte": response(**{part: "AA"}),
        "noise": response(**{part: text(bytes(range(256)) * 40)}),
    }

    assert set(sign_ins(mira, bends).values()) <= {MALFORMED, REFUSED}
    assert mira.session is None


@pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject"])
def test_no_part_of_a_new_passkey_breaks_anything(mira, kept, part):
    bends = {name: response(**{part: value}) for name, value in RUBBISH.items()}
    bends |= {
        "empty": response(**{part: ""}),
        "one byte": response(**{part: "AA"}),
        "noise": response(**{part: text(bytes(range(256)) * 40)}),
        "brackets": response(**{part: text(b"[" * 6_000)}),
        "lists": response(**{part: text(b"\x81" * 6_000)}),
    }

    assert set(additions(mira, bends).values()) <= {MALFORMED, REFUSED}
    assert len(kept.passkeys()) == 1


@pytest.mark.parametrize("path", [SIGN_IN, ADD])
def test_no_member_of_a_credential_breaks_anything(mira, kept, path):
    answer = mira.key.get(mira.begin_sign_in())
    for number, (member, value) in enumerate(
        (member, value)
        for member in ("id", "rawId", "type", "response")
        for value in RUBBISH.values()
    ):
        mira.client.address = f"127.78.2.{number}"
        assert verdict(mira.json(path, answer | {member: value})) == MALFORMED


STATEMENTS = ["packed", "tpm", "android-key", "android-safetynet", "apple", "fido-u2f", "telepathy"]


@pytest.mark.parametrize("statement", [{}, {"alg": -7, "sig": 7, "x5c": [b"x", 7]}, {"ver": "2.0"}])
def test_attestations_without_sense_are_refused(mira, kept, statement):
    """None is asked for; one that comes all the same is checked by the library."""

    def claim(form):
        def tamper(answer):
            told = cbor2.loads(raw(answer["response"]["attestationObject"]))
            claimed = told | {"fmt": form, "attStmt": statement}
            answer["response"]["attestationObject"] = text(cbor2.dumps(claimed))

        return {"tamper": tamper}

    bends = {form: claim(form) for form in STATEMENTS}

    assert additions(mira, bends) == dict.fromkeys(bends, REFUSED)
    assert len(kept.passkeys()) == 1
