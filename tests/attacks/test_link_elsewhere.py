"""A mailed link or code in the hands of somebody who did not ask for it: who reads the mailbox, was
sent the link on by the victim, or asked for her in a browser of his own and waits for her to
press the button.
"""

import pytest

LINK, CODE = "/auth/sign-in/email/link", "/auth/sign-in/email/code"


@pytest.fixture(params=["never asked", "asked for himself", "asked for her"])
def thief(request, noah, mira, visitor):
    """Another browser, with what bindings it can get."""
    thief = visitor.at_another_browser()
    if request.param == "asked for himself":
        thief.ask_mail("noah")
    elif request.param == "asked for her":
        thief.ask_mail("mira")
    return thief


@pytest.fixture
def mail(thief, visitor, outbox):
    """Link and code of the mail that her own browser asks for."""
    visitor.ask_mail("mira")
    return outbox.link, outbox.code


def test_a_link_opens_only_where_it_was_asked_for(thief, visitor, mail):
    link, _ = mail

    opened = thief.open_link(link)
    spent = thief.json(LINK)

    assert (opened.status_code, spent.status_code) == (200, 401)
    assert "Open this on the device where you started" in opened.text
    assert "Mira" not in opened.text
    assert thief.session is None
    visitor.open_link(link)
    assert visitor.form(LINK).status_code == 303


def test_a_code_opens_only_where_it_was_asked_for(thief, visitor, mail):
    _, code = mail

    assert thief.json(CODE, {"code": code}).status_code == 401
    assert thief.session is None
    assert visitor.type_code(code).status_code == 303


def test_tries_elsewhere_do_not_eat_hers(thief, visitor, mail):
    link, code = mail

    for _ in range(7):
        thief.json(CODE, {"code": code})
        thief.open_link(link)
        thief.json(LINK)

    assert visitor.type_code(code).status_code == 303


def test_a_link_that_the_attacker_asked_for_signs_nobody_in_at_hers(mira, visitor, outbox):
    """She clicks what she finds in her mailbox; he waits in vain."""
    attacker = visitor.at_another_browser()
    attacker.ask_mail("mira")

    visitor.open_link(outbox.link)
    visitor.json(LINK)

    assert visitor.session is None
    assert attacker.json(LINK).status_code == 401
    assert attacker.session is None


def test_an_opened_link_is_of_use_only_beside_its_binding(mira, visitor, outbox):
    """The sealed token alone, copied out of her browser."""
    visitor.ask_mail("mira")
    visitor.open_link(outbox.link)
    copied = visitor.at_another_browser()
    copied.set_cookie("__Host-unlatch-link", visitor.cookies["__Host-unlatch-link"])

    assert copied.json(LINK).status_code == 401
