"""A secret that was mailed for one purpose, shown where another is wanted: a confirmation that
signs somebody in, a sign-in's code that makes a session fresh.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

TAKES_CODE = {
    "sign in": "/auth/sign-in/email/code",
    "confirm": "/auth/account/email/code",
    "fresh": "/auth/fresh/email/code",
}
TAKES_LINK = {"sign in": "/auth/sign-in/email/link", "confirm": "/auth/account/email/link"}
PAIRS = [(one, other) for one in TAKES_CODE for other in TAKES_CODE if one != other]


@dataclass
class Mailed:
    """Attributes:
    link: The token, or None where only a code was mailed.
    """

    code: str
    link: str | None


@pytest.fixture
def mailed(mira, outbox, clock):
    """One mail for each purpose, all asked for by the same browser of the same account, so that
    nothing but their purpose keeps them apart.
    """

    def newest():
        query = parse_qs(urlsplit(outbox.link).query) if "token=" in outbox.text else {}
        return Mailed(outbox.code, query.get("token", [None])[0])

    clock.move(minutes=2)
    secrets = {}
    for purpose, way in (
        ("confirm", "/auth/account/email/confirm"),
        ("fresh", "/auth/fresh/email"),
        ("sign in", "/auth/sign-in/email"),
    ):
        assert mira.form(way, identifier=mira.email).status_code == 303
        secrets[purpose] = newest()
    assert len({one.code for one in secrets.values()}) == 3
    return secrets


def traces(mira, kept):
    """What a secret could have changed."""
    account = kept.account()
    session = mira.session
    return account.confirmed_at, session["fresh_until"], session["signed_in_at"], mira.method


@pytest.mark.parametrize(("minted_for", "shown_at"), PAIRS)
def test_a_code_serves_its_own_purpose_only(mira, mailed, kept, minted_for, shown_at):
    before = traces(mira, kept)

    answer = mira.form(TAKES_CODE[shown_at], "json", code=mailed[minted_for].code)

    assert (answer.status_code, answer.json["error"]) == (401, "wrong_code")
    assert traces(mira, kept) == before
    own = mira.form(TAKES_CODE[minted_for], "json", code=mailed[minted_for].code)
    assert own.status_code == 200, "it was good all the while"


@pytest.mark.parametrize(
    ("minted_for", "shown_at"), [("sign in", "confirm"), ("confirm", "sign in")]
)
def test_a_link_serves_its_own_purpose_only(mira, mailed, kept, minted_for, shown_at):
    before = traces(mira, kept)
    token = mailed[minted_for].link

    opened = mira.get(f"{TAKES_LINK[shown_at]}?token={token}", "json")
    pressed = mira.form(TAKES_LINK[shown_at], "json")

    assert (opened.status_code, opened.json["error"]) == (401, "mail_gone")
    assert (pressed.status_code, pressed.json["error"]) == (401, "mail_gone")
    assert traces(mira, kept) == before


@pytest.mark.parametrize(
    ("minted_for", "pressed_at"), [("sign in", "confirm"), ("confirm", "sign in")]
)
def test_a_link_opened_for_one_purpose_is_not_pressed_for_another(
    mira, mailed, kept, minted_for, pressed_at
):
    """The token waits in one cookie, whichever link was opened."""
    before = traces(mira, kept)
    opened = mira.get(f"{TAKES_LINK[minted_for]}?token={mailed[minted_for].link}")
    assert opened.status_code == 303

    pressed = mira.form(TAKES_LINK[pressed_at], "json")

    assert (pressed.status_code, pressed.json["error"]) == (401, "mail_gone")
    assert traces(mira, kept) == before
    assert mira.form(TAKES_LINK[minted_for], "json").status_code == 200


def test_a_code_to_prove_again_signs_nobody_in_elsewhere(mira, mailed, come_from):
    """With all the cookies but the session's: what is left is the binding."""
    thief = come_from("127.6.6.6").with_cookies_of(mira)
    thief.drop_cookie("__Host-unlatch")

    answer = thief.type_code(mailed["fresh"].code)

    assert answer.status_code == 401
    assert thief.session is None
