"""Attacks on a ceremony, many of one kind at once: each is a bend of an answer, and what became
of it is a verdict.

    assert sign_ins(mira, BENDS) == dict.fromkeys(BENDS, REFUSED)
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from people import Person, told
from werkzeug.test import TestResponse
from wire import WireClient

from unlatch.testing import SoftAuthenticator

SIGN_IN = "/auth/sign-in/passkey"
ADD = "/auth/account/passkeys"
FRESH = "/auth/fresh/passkey"

Verdict = tuple[int, str]
Bends = Mapping[str, Mapping[str, Any]]

REFUSED: Verdict = (401, "passkey_refused")
GONE: Verdict = (401, "ceremony_gone")
MALFORMED: Verdict = (400, "malformed")
ACCEPTED: Verdict = (200, "")
ADDED: Verdict = (201, "")

_addresses = itertools.count(1)


def verdict(answer: TestResponse) -> Verdict:
    return answer.status_code, told(answer).get("error", "")


def sign_ins(person: Person, bends: Bends) -> dict[str, Verdict]:
    """What becomes of a nameless sign-in with each bend."""
    return _tried(person, bends, lambda bend: person.sign_in(**bend))


def additions(person: Person, bends: Bends, **device: Any) -> dict[str, Verdict]:
    """What becomes of a new device's passkey with each bend."""

    def add(bend: Mapping[str, Any]) -> TestResponse:
        return person.add_passkey(SoftAuthenticator(origin=person.site, **device), **bend)

    return _tried(person, bends, add)


def proofs(person: Person, bends: Bends) -> dict[str, Verdict]:
    """What becomes of proving again with each bend."""

    def prove(bend: Mapping[str, Any]) -> TestResponse:
        return person.json(FRESH, person.key.get(person.begin_fresh(), **bend))

    return _tried(person, bends, prove)


def _tried(
    person: Person, bends: Bends, attempt: Callable[[Mapping[str, Any]], TestResponse]
) -> dict[str, Verdict]:
    verdicts = {}
    for name, bend in bends.items():
        if isinstance(person.client, WireClient):
            # Each from an address of its own, and unremembered, so that no limit answers in a
            # check's place.
            person.client.address = "127.77.{}.{}".format(*divmod(next(_addresses), 250))
            person.drop_cookie("__Host-unlatch-account")
        verdicts[name] = verdict(attempt(bend))
    return verdicts
