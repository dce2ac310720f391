"""What strangers do again and again, and what they are told when it was too often."""

from people import Person, told
from werkzeug.test import TestResponse

from unlatch.testing import SoftAuthenticator

_CLIENT_DATA = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiZUEiLCJvcmlnaW4iOiJ4In0"
STALE_ANSWER = {
    "id": "eA",
    "rawId": "eA",
    "type": "public-key",
    "response": {"clientDataJSON": _CLIENT_DATA, "authenticatorData": "eA", "signature": "eA"},
}
"""To a challenge that nobody gave; each is a failure."""


def too_many(answer: TestResponse, reason: str = "too_many") -> int:
    """That a limit was reached, in JSON; gives the seconds to wait."""
    assert (answer.status_code, told(answer)["error"]) == (429, reason), answer.text
    assert answer.headers["Retry-After"] == str(told(answer)["retry_after"])
    return int(told(answer)["retry_after"])


def wrong_passkey(person: Person) -> TestResponse:
    """An answer that is rightly signed, by a key that nobody here has."""
    stray = SoftAuthenticator(origin=person.site)
    options = person.begin_sign_in()["publicKey"]
    stray.create(
        {
            "rp": {"id": options["rpId"], "name": "x"},
            "user": {"id": "eA", "name": "x", "displayName": "x"},
            "challenge": options["challenge"],
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        }
    )
    return person.json("/auth/sign-in/passkey", stray.get(options))
