"""One mail, several sessions: its link pressed twice, its code beside its link, the link opened
again from a stolen history.
"""

import pytest

LINK, CODE = "/auth/sign-in/email/link", "/auth/sign-in/email/code"


@pytest.fixture
def opened(mira, visitor, outbox):
    """Who asked, with the link open; and a thief with the same cookies."""
    visitor.ask_mail()
    visitor.open_link(outbox.link)
    thief = visitor.at_another_browser().with_cookies_of(visitor)
    return visitor, thief


def is_gone(answer):
    return (answer.status_code, answer.json["error"]) == (401, "mail_gone")


def test_a_link_makes_one_session(opened, kept):
    visitor, thief = opened
    assert visitor.json(LINK).status_code == 200

    assert is_gone(thief.json(LINK))
    assert thief.session is None
    assert [one.facts["method"] for one in kept.events() if one.kind == "signed_in"] == [
        "registration",
        "email",
    ]


def test_its_code_is_dead_with_it(opened, outbox):
    visitor, thief = opened
    assert visitor.json(LINK).status_code == 200

    assert is_gone(thief.json(CODE, {"code": outbox.code}))
    assert thief.session is None


def test_it_is_dead_with_its_code(opened, outbox):
    visitor, thief = opened
    assert visitor.json(CODE, {"code": outbox.code}).status_code == 200

    assert is_gone(thief.json(LINK))
    assert thief.session is None


def test_opened_again_it_leads_nowhere(opened, outbox):
    visitor, thief = opened
    assert visitor.json(LINK).status_code == 200

    again = thief.open_link(outbox.link)

    assert again.status_code == 401
    assert "no longer works" in again.text
    assert is_gone(thief.json(LINK))
