"""Many requests at once passing a limit together, each having read it before the others wrote."""

import pytest
from strangers import wrong_passkey

from unlatch.testing.store_contract.making import at_once


@pytest.fixture
def strangers(come_from):
    """Browsers at one address."""
    return lambda many: [come_from("127.4.4.4") for _ in range(many)]


def test_failures(strangers):
    crowd = strangers(60)

    answers = at_once(60, lambda number: wrong_passkey(crowd[number]).status_code)

    assert (answers.count(401), answers.count(429)) == (30, 30)


def test_mails(strangers):
    crowd = strangers(30)

    answers = at_once(
        30, lambda number: crowd[number].ask_mail(f"n{number}@example.com").status_code
    )

    assert (answers.count(303), answers.count(429)) == (20, 10)


def test_registrations(strangers):
    crowd = strangers(12)

    def register(number):
        form = {"username": f"p{number}-x", "email": f"p{number}@example.com"}
        return crowd[number].form("/auth/register", **form).status_code

    answers = at_once(12, register)

    assert (answers.count(303), answers.count(429)) == (5, 7)


def test_answers_that_a_name_is_taken(mira, strangers):
    mira.sign_out()
    crowd = strangers(20)

    def register(number):
        form = {"username": "mira", "email": f"p{number}@example.com"}
        return crowd[number].form("/auth/register", **form).status_code

    answers = at_once(20, register)

    # While one of five registrations is under way nobody knows how it ends, so it may be
    # that fewer are answered; never more.
    assert set(answers) <= {422, 429}
    assert answers.count(422) <= 10


def test_wrong_codes_of_one_mail(mira, come_from, outbox):
    """The five tries of a mail, whatever the limit of its address would let through."""
    mira.sign_out()
    thief = come_from("127.4.4.5")
    thief.ask_mail(mira.email)

    answers = at_once(12, lambda _: thief.type_code("AAAA-AAAA").status_code)

    assert set(answers) <= {401, 429}
    mail = outbox.code
    assert thief.type_code(mail).status_code in (401, 429)
    assert thief.session is None
