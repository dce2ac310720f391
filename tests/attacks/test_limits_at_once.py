"""Many requests at once passing a limit together, each having read it before the others wrote."""

import pytest
from crowd import crowd
from strangers import wrong_passkey


@pytest.fixture
def strangers(come_from):
    """`strangers(many, act)`: what each was answered, from one address and all at once."""

    def at_once(many, act):
        browsers = [come_from("127.4.4.4") for _ in range(many)]
        with crowd(many) as all_of_them:
            return all_of_them.at_once(lambda number: act(browsers[number], number).status_code)

    return at_once


def test_failures(strangers):
    answers = strangers(60, lambda browser, _: wrong_passkey(browser))

    assert (answers.count(401), answers.count(429)) == (30, 30)


def test_mails(strangers):
    answers = strangers(30, lambda browser, number: browser.ask_mail(f"n{number}@example.com"))

    assert (answers.count(303), answers.count(429)) == (20, 10)


def test_registrations(strangers):
    def register(browser, number):
        form = {"username": f"p{number}-x", "email": f"p{number}@example.com"}
        return browser.form("/auth/register", **form)

    answers = strangers(12, register)

    assert (answers.count(303), answers.count(429)) == (5, 7)


def test_answers_that_a_name_is_taken(mira, strangers):
    mira.sign_out()

    def register(browser, number):
        form = {"username": "mira", "email": f"p{number}@example.com"}
        return browser.form("/auth/register", **form)

    answers = strangers(20, register)

    # While one of five registrations is under way nobody knows how it ends, so it may be
    # that fewer are answered; never more.
    assert set(answers) <= {422, 429}
    assert answers.count(422) <= 10
