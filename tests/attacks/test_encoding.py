"""One value in two spellings, which two readers may take for two values: base64 that is not
base64url, text that is not UTF-8, and more of it than anybody needs.
"""

import json

import pytest
from ceremonies import ADD, MALFORMED, REFUSED, SIGN_IN, additions, sign_ins, verdict

from unlatch.testing.answers import raw, text


def respell(field, spell):
    """A bend that spells one part of the response otherwise; what it says stays the same."""

    def tamper(answer):
        answer["response"][field] = spell(answer["response"][field])

    return {"tamper": tamper}


def stray_bits(encoded):
    """The last letter has bits that no byte takes up; a lenient reader drops them."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return encoded[:-1] + letters[letters.index(encoded[-1]) + 1]


SPELLINGS = {
    "padding": lambda one: one + "=" * (-len(one) % 4 or 4),
    "a line break": lambda one: one[:8] + "\n" + one[8:],
    "a blank": lambda one: one[:8] + " " + one[8:],
    "standard base64": lambda one: "+/" + one,
    "percent signs": lambda one: one + "%3D",
    "full width": lambda one: chr(ord(one[0]) + 0xFEE0) + one[1:],
    "a NUL": lambda one: one + "\0",
}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("authenticatorData", REFUSED),
        ("signature", REFUSED),
        ("userHandle", MALFORMED),
        ("clientDataJSON", MALFORMED),
    ],
)
def test_every_part_of_a_sign_in_is_strict_base64url(mira, field, expected):
    mira.sign_out()
    bends = {name: respell(field, spell) for name, spell in SPELLINGS.items()}
    if field == "authenticatorData":  # 37 bytes end in the middle of a letter
        bends["stray bits"] = respell(field, stray_bits)

    assert sign_ins(mira, bends) == dict.fromkeys(bends, expected)
    assert mira.session is None


def test_an_attestation_is_strict_base64url(mira, kept):
    bends = {name: respell("attestationObject", spell) for name, spell in SPELLINGS.items()}

    assert additions(mira, bends) == dict.fromkeys(bends, REFUSED)
    assert len(kept.passkeys()) == 1


def test_an_id_has_one_spelling_and_is_said_twice(mira):
    mira.sign_out()

    def ids(change):
        return {"tamper": lambda made: made | change(made["id"])}

    bends = {
        name: ids(lambda one, spell=spell: {"id": spell(one), "rawId": spell(one)})
        for name, spell in SPELLINGS.items()
    }
    bends |= {
        "stray bits": ids(lambda one: {"id": stray_bits(one), "rawId": stray_bits(one)}),
        "another id": ids(lambda one: {"id": text(b"another")}),
        "another rawId": ids(lambda one: {"rawId": text(b"another")}),
        "no id": ids(lambda _: {"id": "", "rawId": ""}),
        "another type": ids(lambda _: {"type": "password"}),
    }

    assert sign_ins(mira, bends) == dict.fromkeys(bends, MALFORMED)


def member(name, value):
    """Rewrites client data with one member changed."""
    return lambda said: json.dumps(json.loads(said) | {name: value}).encode()


CLIENT_DATA = {
    "UTF-16": lambda said: said.decode().encode("utf-16"),
    "UTF-16 without a mark": lambda said: said.decode().encode("utf-16-le"),
    "UTF-32": lambda said: said.decode().encode("utf-32"),
    "a byte order mark": lambda said: b"\xef\xbb\xbf" + said,
    "Latin-1": lambda said: said[:-1] + b',"note":"\xff"}',
    "a surrogate": lambda said: said[:-1] + b',"note":"\xed\xa0\x80"}',
    "more than 8 KiB": lambda said: said[:-1] + b',"note":"' + b"x" * 8_192 + b'"}',
    "two values": lambda said: said + said,
    "a list": lambda said: b"[" + said + b"]",
    "padding in the challenge": lambda said: member(
        "challenge", json.loads(said)["challenge"] + "="
    )(said),
    "a list for a challenge": member("challenge", ["x"]),
    "a number for an origin": member("origin", 7),
    "a text for crossOrigin": member("crossOrigin", "false"),
    "a list for topOrigin": member("topOrigin", []),
}


def test_client_data_is_short_utf_8_and_of_its_form(mira):
    """Though it is all rightly signed."""
    mira.sign_out()
    bends = {name: {"client_data": rewrite} for name, rewrite in CLIENT_DATA.items()}

    assert sign_ins(mira, bends) == dict.fromkeys(bends, MALFORMED)
    assert mira.sign_in(client_data=lambda said: said[:-1] + b',"note":"\xc3\xa9"}').json == {
        "next": "/auth/account"
    }


@pytest.mark.parametrize("path", [SIGN_IN, ADD])
def test_a_body_is_a_short_json_object(mira, path):
    bodies: list[object] = [[], "x", 7, {}]
    answers = [mira.ask("POST", path, "json", json=body) for body in bodies]
    long = mira.ask("POST", path, "json", json={"note": "x" * 65_536})

    assert {verdict(one) for one in answers} == {MALFORMED}
    assert long.status_code == 413


def test_what_is_respelled_would_be_right_else(mira):
    """What is refused above is refused for its spelling alone."""
    mira.sign_out()
    same = {"the same": respell("signature", lambda one: text(raw(one)))}

    assert sign_ins(mira, same) == {"the same": (200, "")}
