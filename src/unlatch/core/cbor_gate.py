"""The gate in front of py_webauthn: what a device sends is CBOR as CTAP2 writes it, or nothing.

py_webauthn decodes with cbor2 as it comes: tags become dates, regular expressions or big
numbers, bytes after an item are not looked at, and what it keeps is its own second spelling of
what was signed. So everything in CBOR is read here first, by cbor2 too, and only what has one
spelling and plain values goes on. The rules are those of the CTAP2 canonical CBOR encoding form
(CTAP 2.1, section 8, "Message Encoding"), but for one: the order of a map's keys, which honest
password managers do not keep, and on which nothing here depends. Duplicate keys, which could
mean one thing here and another there, are refused.

Section numbers are those of W3C WebAuthn Level 3. Every refusal is a `ValueError` or one of
cbor2's `CBORDecodeError`s; the check-lists make one `PasskeyRefused` of them all.
"""

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any, NoReturn

import cbor2

SIZE_MAX = 16 * 1024
"""Bytes: a post-quantum key with a chain of certificates fits in half of it."""

DEPTH_MAX = 4
"""Maps and arrays in one another, as CTAP2 has it."""

_HEADER = 37
"""Bytes of authenticator data before what is optional: RP ID hash, flags, counter (6.1)."""

_FLAGS, _ATTESTED, _EXTENSIONS = 32, 0x40, 0x80


def check_attestation_object(data: bytes) -> None:
    """Section 6.5.4: a map of a format, a statement and authenticator data, and no more bytes.

    Raises:
        ValueError, CBORDecodeError: It is anything else.
    """
    told = read_one(data)
    if not isinstance(told, dict):
        raise ValueError("the attestation object is no map")
    said, statement, written = told.get("fmt"), told.get("attStmt"), told.get("authData")
    if not isinstance(said, str) or not isinstance(statement, dict):
        raise ValueError("the attestation object has no format or no statement")
    if said == "none" and statement:  # 8.7: whoever attests nothing says nothing
        raise ValueError("a statement where nothing is attested")
    if not isinstance(written, bytes):
        raise ValueError("the attestation object has no authenticator data")
    check_authenticator_data(written, attested=True)


def check_authenticator_data(data: bytes, *, attested: bool) -> None:
    """Section 6.1: the parts that its flags announce, each strictly written, and no more bytes.

    Args:
        attested: Whether there must be a new credential in it; else there must be none, so
            that what was signed to attest a key never signs anybody in.

    Raises:
        ValueError, CBORDecodeError: It is anything else.
    """
    if not _HEADER <= len(data) <= SIZE_MAX:
        raise ValueError("authenticator data too short or too long")
    flags, rest = data[_FLAGS], data[_HEADER:]
    if bool(flags & _ATTESTED) is not attested:
        raise ValueError("attested credential data missing, or where none belongs")
    if attested:
        # 6.5.1: AAGUID, two bytes that tell the length of the id, the id, the public key.
        rest = _after_map(rest[18 + int.from_bytes(rest[16:18], "big") :])
    if flags & _EXTENSIONS:
        rest = _after_map(rest)
    if rest:
        raise ValueError("bytes after the authenticator data")


def read_one(data: bytes) -> Any:
    """The value of `data`, which is one item and nothing after it.

    Raises:
        ValueError, CBORDecodeError: It is anything else.
    """
    value, end = _read_first(data)
    if end != len(data):
        raise ValueError("bytes after the CBOR")
    return value


def _after_map(data: bytes) -> bytes:
    value, end = _read_first(data)
    if not isinstance(value, dict):
        raise ValueError("no CBOR map where one belongs")
    return data[end:]


def _read_first(data: bytes) -> tuple[Any, int]:
    """The first item of `data`, and where it ends."""
    if len(data) > SIZE_MAX:
        raise ValueError("too much CBOR")
    value = cbor2.CBORDecoder(
        BytesIO(data),
        tag_hook=_refuse_tag,
        semantic_decoders=_NoTags(),
        max_depth=DEPTH_MAX,
        allow_indefinite=False,
        allow_duplicate_keys=False,
    ).decode()
    _require_plain(value)
    # One value, one spelling: longer integers and lengths than need be, and whatever else cbor2
    # reads kindly, do not come out again as they went in.
    written = cbor2.dumps(value)
    if not data.startswith(written):
        raise ValueError("CBOR written in more bytes than it takes")
    return value, len(written)


def _require_plain(value: object) -> None:
    match value:
        case bool() | int() | str() | bytes():
            return
        case list():
            inside = value
        case dict() if all(type(key) in (int, str) for key in value):
            inside = list(value.values())
        case _:
            raise ValueError(f"CBOR that CTAP2 does not have: {type(value).__name__}")
    for one in inside:
        _require_plain(one)


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("a CBOR tag")


class _NoTags(Mapping[int, Callable[..., NoReturn]]):
    """A decoder for every tag there is, none of which decodes: cbor2 has some of its own, which
    would compile a stranger's regular expression or make a list that contains itself.
    """

    def __getitem__(self, tag: int) -> Callable[..., NoReturn]:
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 1  # not empty, and so not ignored
