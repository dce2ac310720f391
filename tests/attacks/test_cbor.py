"""CBOR that reads one way here and another there: tags that become objects, items after the
item, lengths without end, one key twice. Nothing of it is what CTAP2 writes.
"""

import cbor2
import pytest
from ceremonies import ACCEPTED, ADDED, REFUSED, additions, sign_ins

from unlatch.core.cbor_gate import read_one
from unlatch.testing.answers import Flag, attested_credential_data

UNLIKE_CTAP2 = {
    "a date": "c074323032362d30372d30315431323a30303a30305a",
    "a big number": "c249010000000000000000",
    "a small big number": "c24101",
    "a decimal of a thousand million digits": "c4821a3b9aca0001",
    "a regular expression": "d8236461282b29",
    "a mail": "d8246161",
    "a list that contains itself": "d81c81d81d00",
    "a set": "d9010281 01",
    "self-described": "d9d9f701",
    "a tag nobody knows": "da0001000001",
    "an endless list": "9f01ff",
    "an endless map": "bf616101ff",
    "endless bytes": "5f4101ff",
    "endless text": "7f6161ff",
    "an integer in more bytes": "1801",
    "a negative one in more bytes": "3800",
    "a length in more bytes": "580161",
    "a list's length in more bytes": "980101",
    "a map's length in more bytes": "b80101 02",
    "a float": "f93c00",
    "null": "f6",
    "undefined": "f7",
    "a simple value": "e0",
    "no UTF-8": "61ff",
    "five levels": "8181818101",
    "one key twice": "a2616101616102",
    "one and true": "a20101f502",
    "a float for a key": "a1f93c0001",
    "bytes for a key": "a1416101",
    "a list for a key": "a1810101",
    "more items than bytes": "9b7fffffffffffffff01",
    "more bytes than there are": "5b7fffffffffffffff01",
    "nothing": "",
}
LIKE_CTAP2 = {
    "a big integer": "1bffffffffffffffff",
    "a small integer": "3bffffffffffffffff",
    "text, bytes, true and false": "846161416 1f5f4",
    "keys in another order": "a2616202616101",
    "three levels": "81818101",
}


def in_a_map(item):
    """`{"more": item}`, which may break off."""
    return bytes.fromhex("a1646d6f7265" + item.replace(" ", ""))


def with_member(item):
    """An attestation object with one member more."""
    return lambda whole: bytes([whole[0] + 1]) + whole[1:] + in_a_map(item)[1:]


def bends(name, make, items):
    return {about: {name: make(item)} for about, item in items.items()}


def test_an_attestation_object_is_strict(mira, kept):
    odd = bends("attestation_object", with_member, UNLIKE_CTAP2)
    plain = bends("attestation_object", with_member, LIKE_CTAP2)

    assert additions(mira, odd) == dict.fromkeys(odd, REFUSED)
    assert len(kept.passkeys()) == 1
    assert additions(mira, plain) == dict.fromkeys(plain, ADDED)


def test_extension_data_of_a_new_passkey_are_strict(mira, kept):
    odd = bends("extensions", in_a_map, UNLIKE_CTAP2)
    plain = bends("extensions", in_a_map, LIKE_CTAP2)

    assert additions(mira, odd) == dict.fromkeys(odd, REFUSED)
    assert len(kept.passkeys()) == 1
    assert additions(mira, plain) == dict.fromkeys(plain, ADDED)


def test_extension_data_of_a_sign_in_are_strict(mira):
    odd = bends("extensions", in_a_map, UNLIKE_CTAP2)
    plain = bends("extensions", in_a_map, LIKE_CTAP2)
    mira.sign_out()

    assert sign_ins(mira, odd) == dict.fromkeys(odd, REFUSED)
    assert mira.session is None
    assert sign_ins(mira, plain) == dict.fromkeys(plain, ACCEPTED)


def attestation(**changes):
    """Rewrites an attestation object with members changed, or left out."""

    def rewrite(whole):
        told = cbor2.loads(whole) | changes
        return cbor2.dumps({name: one for name, one in told.items() if one is not ...})

    return {"attestation_object": rewrite}


ATTESTATIONS = {
    "a byte more": {"attestation_object": lambda whole: whole + b"\0"},
    "another one after it": {"attestation_object": lambda whole: whole + whole},
    "a byte less": {"attestation_object": lambda whole: whole[:-1]},
    "no map": {"attestation_object": lambda whole: b"\x81" + whole},
    "tagged": {"attestation_object": lambda whole: b"\xd9\xd9\xf7" + whole},
    "too long": attestation(more="x" * 16_384),
    "no format": attestation(fmt=...),
    "a number for a format": attestation(fmt=7),
    "no statement": attestation(attStmt=...),
    "a list for a statement": attestation(attStmt=[]),
    "nothing attested, and a statement": attestation(attStmt={"note": 1}),
    "no authenticator data": attestation(authData=...),
    "text for authenticator data": attestation(authData="x" * 200),
    "short authenticator data": attestation(authData=b"x" * 36),
}


def test_an_attestation_object_is_whole(mira, kept):
    assert additions(mira, ATTESTATIONS) == dict.fromkeys(ATTESTATIONS, REFUSED)
    assert len(kept.passkeys()) == 1


KEYS = {
    "a key in more bytes": lambda key: b"\xb8" + key[:1].replace(b"\xa5", b"\5") + key[1:],
    "an algorithm in more bytes": lambda key: key.replace(b"\x03\x26", b"\x03\x38\x06", 1),
    "an algorithm as a big number": lambda key: key.replace(b"\x03\x26", b"\x03\xc3\x41\x06", 1),
    "the algorithm twice": lambda key: b"\xa6\x03\x27" + key[1:],
    "a tagged key": lambda key: b"\xd9\xd9\xf7" + key,
    "no map": lambda key: b"\x81" + key,
    "an uncompressed point of old": lambda key: b"\x04" + key[10:42] + key[45:],
    "the EdDSA key that the library mends": lambda _: (
        bytes.fromhex("a301634f4b500327206745643235353139215820") + bytes(32)
    ),
    "bytes after it": lambda key: key + b"\0",
    "nothing": lambda _: b"",
}


def test_a_public_key_is_strict(mira, kept):
    """Rewritten inside the authenticator data, where its bytes are signed."""

    def rewritten(change):
        return {"authenticator_data": lambda data: data[:87] + change(data[87:])}

    bends = {name: rewritten(change) for name, change in KEYS.items()}

    assert additions(mira, bends, algorithms=[-7]) == dict.fromkeys(bends, REFUSED)
    assert len(kept.passkeys()) == 1
    same = {"the same": rewritten(bytes)}
    assert additions(mira, same, algorithms=[-7]) == {"the same": ADDED}


def raised(flag, *more):
    """Authenticator data with a flag raised that announces what does not, or should not, come."""
    return {
        "authenticator_data": lambda data: (
            data[:32] + bytes([data[32] | flag]) + data[33:] + b"".join(more)
        )
    }


def test_authenticator_data_hold_what_their_flags_say(mira):
    """What was signed to attest a new key never signs anybody in, either (6.1)."""
    attested = attested_credential_data({}, mira.key.credentials[0], bytes(16))
    bends = {
        "extensions announced": raised(Flag.ED),
        "extensions without a map": raised(Flag.ED, b"\x01"),
        "extensions and a byte more": raised(Flag.ED, b"\xa0\0"),
        "a byte more": raised(0, b"\0"),
        "a byte less": {"authenticator_data": lambda data: data[:-1]},
        "a new key announced": raised(Flag.AT),
        "a new key": raised(Flag.AT, attested),
        "a new key and extensions": raised(Flag.AT | Flag.ED, attested, b"\xa0"),
        "far too long": raised(Flag.ED, in_a_map("594000") + bytes(16_384)),
    }
    mira.sign_out()

    assert sign_ins(mira, bends) == dict.fromkeys(bends, REFUSED)
    assert mira.session is None


@pytest.mark.parametrize("inner", ["00", "4101", "6131", "8100", "820102"])
def test_no_tag_is_ever_decoded(inner):
    """Whatever cbor2 makes of them: not one of its own decoders is reached."""
    for tag in (*range(300), 1000, 1004, 43000, 55799, 65535, 2**32, 2**63):
        head = cbor2.dumps(cbor2.CBORTag(tag, 0))[:-1]
        with pytest.raises(cbor2.CBORDecodeError) as refused:
            read_one(head + bytes.fromhex(inner))
        assert str(refused.value.__cause__) == "a CBOR tag"
