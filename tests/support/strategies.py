"""What people type and machines send, rightly and wrongly: strategies for Hypothesis.

Random text hits nothing that a parser looks for. So most of what is drawn here is nearly
right: the letters that parsers decide by, honest things with a piece of them changed.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from hypothesis import strategies as st

WIDE_AT = "\uff20"

STEERING = "\x00\t\n\r\x0b\x1c\x7f\x85\xad\u061c\u200b\u200e\u2028\u2029\u202e\u2066\ufeff"
"""Begin a line, a header or a direction, or are not seen at all."""

FOLDING = (
    "\u0131\u0130\u212a\u017f\xdf\u1e9e\ufb03\ufdfa\u03c2\u0345\u0390\u1e9b"
    "\u0301\u0307\u0323\uff21\uff41\uff0e\u3002\uff61\uff20\ufe6b\u2100\u2488\u1d43\xaa"
)
"""Change, grow or fall together when they are normalised, folded or read as a domain."""

READ_BY_PARSERS = "@.,;:<>()[]{}\"'\\/%?#&=+-_~ *|!$^`0aAzZ"
LONE = "\ud800\udfff"

odd_letters = st.sampled_from(STEERING + FOLDING + READ_BY_PARSERS + LONE)
texts = st.text(st.one_of(odd_letters, st.characters(), st.sampled_from("annbergx@.")), max_size=60)
"""Any text, lone surrogates among it."""

base64ish = st.text(st.sampled_from("ABCXYZabcxyz0189-_+/=\n ."), max_size=24)
"""What could be base64url, or another base64, or neither."""

sent_texts = texts.map(lambda text: text.encode("utf-8", "replace").decode())
"""Any text that can be sent as UTF-8."""


# --- Names


def wide(text: str) -> str:
    """In full-width letters, as Japanese keyboards write them."""
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


def spellings(text: str) -> st.SearchStrategy[str]:
    """Other ways to type the same: any letter in the other case or full-width, spaces around."""
    letters = [st.sampled_from((one, _other_case(one), wide(one))) for one in text]
    spaces = st.sampled_from(("", " ", "\t", "\u3000"))
    return st.tuples(spaces, *letters, spaces).map("".join)


_LOOKALIKES = {
    "a": "a\u0430\u03b1\xe1\uff41A",
    "e": "e\u0435\xe9\u0117E",
    "i": "i\u0131\u0130\u0456\xedI",
    "k": "k\u212a\u03ba\u043aK",
    "o": "o\u043e\u03bf\xf3\u1d52O",
    "s": "s\u017f\u0455\u015fS",
    "z": "z\u017c\u1d22\uff5aZ",
}
lookalike_addresses = st.tuples(*(st.sampled_from(_LOOKALIKES[one]) for one in "zakies")).map(
    lambda letters: "".join(letters) + "@example.com"
)
"""All of which look like one another; some are one."""


def _other_case(letter: str) -> str:
    # Only of what has one other case: that of a dotless i is an I, which is another letter's.
    return letter.swapcase() if letter.isascii() else letter


_LOCAL = st.text(st.sampled_from("abzABZ019.+_-'" + FOLDING), min_size=1, max_size=20)
_LABEL = st.text(st.sampled_from("abzABZ019-" + FOLDING), min_size=1, max_size=12)
_DOMAINS = st.one_of(
    st.lists(_LABEL, min_size=1, max_size=3).map(".".join).map("{}.example".format),
    st.sampled_from(
        (
            "example.com",
            "bücher.example",
            "xn--bcher-kva.example",
            "straße.example",
            "xn--strae-oqa.example",
            "\u6570\u636e.example",
            "example.com.",
            "[192.0.2.1]",
            "xn--a.example",
        )
    ),
)
encoded_words = st.sampled_from(
    (
        "=?utf-8?q?=0ABcc=3A_eve=40evil.example?=",
        "=?utf-8?b?CkJjYzogZUBlLmU=?=",
        "=?utf-8?q?a=2C_b=40c.d?=",
        "=?us-ascii?q?=0D=0A=0D=0A?=",
    )
)
"""A line break, or a comma, as mail libraries decode it (RFC 2047)."""

_LOCALS = st.one_of(
    _LOCAL,
    _LOCAL,
    _LOCAL.map('"{}"'.format),
    st.builds("{}{}{}".format, st.sampled_from(("", "a.", "a")), encoded_words, st.just("")),
)
addresses = st.tuples(_LOCALS, st.sampled_from(("@", "@", "@", WIDE_AT, "\ufe6b", "@@")), _DOMAINS)
"""`(local part, @, domain)`, most of which are allowed."""

typed_addresses = st.one_of(addresses.map("".join), st.emails(), texts)
honest_usernames = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,30}[a-zA-Z0-9]", fullmatch=True)
usernames = st.one_of(
    honest_usernames,
    st.text(st.sampled_from("abzABZ019._-" + FOLDING), min_size=1, max_size=34),
)


# --- Seals


def damaged(text: str) -> st.SearchStrategy[str]:
    """Base64url with one bit of what it says flipped, in another spelling, or cut short."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    def flip(place: int, bit: int) -> str:
        changed = letters[letters.index(text[place]) ^ (1 << bit)]
        return text[:place] + changed + text[place + 1 :]

    return st.one_of(
        st.builds(flip, st.integers(0, len(text) - 1), st.integers(0, 5)),
        st.integers(0, len(text) - 1).map(lambda length: text[:length]),
        st.sampled_from(("=", "A", "\n", " ", ".", "\u212a")).map(text.__add__),
    )


# --- JSON

json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts, st.just(2**70)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


def objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects with some of these fields, each with any value, and others beside them."""
    fields = st.dictionaries(st.sampled_from(names), json_values, max_size=len(names))
    return st.builds(dict.__or__, st.dictionaries(texts, json_values, max_size=2), fields)


CREDENTIAL = ("id", "rawId", "type", "response")
"""Fields of what `credential.toJSON()` gives."""


def bent(honest: Any) -> st.SearchStrategy[Any]:
    """An honest JSON value with one piece of it, anywhere inside, left out or replaced."""
    places = list(_places(honest))

    def bend(place: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
        return _changed(honest, place, change)

    changes = st.one_of(
        json_values.map(lambda value: lambda _: value),
        st.just(lambda value: [value]),
        st.just(lambda value: {"": value}),
        st.just(lambda value: f"{value}="),
        st.just(_gone),
    )
    return st.builds(bend, st.sampled_from(places), changes)


def _gone(_: Any) -> Any:
    return _gone


def _places(value: Any) -> Any:
    yield ()
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from ((name, *rest) for rest in _places(inner))


def _changed(value: Any, place: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not place:
        new = change(value)
        return None if new is _gone else new
    name, rest = place[0], place[1:]
    if not rest and change is _gone:
        return {one: inner for one, inner in value.items() if one != name}
    return value | {name: _changed(value[name], rest, change)}


# --- Bodies

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

content_types = st.sampled_from(
    (
        FORM,
        JSON,
        "application/json; charset=utf-16",
        "application/json; charset=nonsense",
        "application/problem+json",
        "APPLICATION/JSON",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain",
        "application/x-www-form-urlencoded; charset=\xff",
        ";;;",
        "",
    )
)


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def as_form(fields: dict[str, str]) -> bytes:
    pairs = (
        f"{quote_plus(k, errors='replace')}={quote_plus(v, errors='replace')}"
        for k, v in fields.items()
    )
    return "&".join(pairs).encode()


def form_bodies(*names: str) -> st.SearchStrategy[bytes]:
    """Forms with some of these fields, and bytes that are nearly one."""
    honest = st.dictionaries(st.sampled_from(names), texts, max_size=len(names)).map(as_form)
    percent = st.text(st.sampled_from("%0aAfFcCdDeE=&+;\xff")).map(lambda t: t.encode("latin-1"))
    return st.one_of(honest, percent, st.builds(bytes.__add__, honest, percent))


def json_bodies(*names: str) -> st.SearchStrategy[bytes]:
    """JSON with some of these fields, other JSON, and bytes that are nearly JSON."""
    whole = st.one_of(objects(*names), json_values).map(as_json)
    cut = st.builds(lambda body, end: body[:end], whole, st.integers(0, 40))
    spoilt = st.builds(bytes.__add__, cut, st.binary(max_size=8))
    return st.one_of(whole, whole, spoilt, st.binary(max_size=60))


def bodies(*names: str) -> st.SearchStrategy[tuple[str, bytes]]:
    """`(content type, body)`, which need not fit."""
    multipart = st.builds(
        lambda name, value: (
            b'--b\r\nContent-Disposition: form-data; name="'
            + name.encode()
            + b'"\r\n\r\n'
            + value
            + b"\r\n--b--\r\n"
        ),
        st.sampled_from(names),
        st.binary(max_size=40),
    )
    return st.one_of(
        st.tuples(st.just(JSON), json_bodies(*names)),
        st.tuples(st.just(FORM), form_bodies(*names)),
        st.tuples(st.just("multipart/form-data; boundary=b"), multipart),
        st.tuples(content_types, st.one_of(json_bodies(*names), form_bodies(*names))),
    )


# --- Ways

_PIECES = (
    *("/", "//", "\\", "/\\", "\t", "\n", "\r", " ", "@", ":", ".", "..", "?", "#", "%", ";"),
    *("%5c", "%2f", "%2F", "%09", "%0d%0a", "%00", "%2e%2e", "http:", "https://", "javascript:"),
    *("evil.example", "own.example", "\u2044", "\uff0f", "\u3000", "\u2028", "\x00", "\xad"),
    *("[::1]", "[", "]", "a", "notes", "\ud800", "\x7f", "~", "|"),
)
paths = st.lists(st.sampled_from(_PIECES), max_size=8).map("".join)
"""What could be given for `next`, by somebody who wants to lead people elsewhere."""

ways = st.one_of(paths, paths.map("/".__add__), texts, texts.map("/".__add__))
