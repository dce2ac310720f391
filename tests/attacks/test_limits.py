"""Trying often. Every limit of the list holds, says when to come back, and costs nothing to
whoever succeeds.
"""

import pytest
from strangers import too_many, wrong_passkey

OPTIONS = "/auth/sign-in/passkey/options"


def test_thirty_failures_in_ten_minutes(mira, clock):
    """From one address. Then nothing is looked at, until one has come back."""
    mira.sign_out()
    mira.drop_cookie("__Host-unlatch-account")
    for _ in range(30):
        assert wrong_passkey(mira).status_code == 401

    wait = too_many(wrong_passkey(mira))
    assert 0 < wait <= 20
    too_many(mira.sign_in())  # not even the right one

    clock.move(seconds=wait)
    assert mira.sign_in().status_code == 200


def test_a_success_costs_nothing(mira):
    for _ in range(40):
        mira.sign_out()
        mira.drop_cookie("__Host-unlatch-account")
        assert mira.sign_in().status_code == 200


def test_120_options_a_minute(visitor, clock):
    for number in range(120):
        body = {"identifier": f"somebody-{number}"} if number % 2 else {}
        assert visitor.json(OPTIONS, body).status_code == 200

    too_many(visitor.json(OPTIONS))
    clock.move(seconds=1)
    assert visitor.json(OPTIONS).status_code == 200


def test_five_registrations_an_hour(come_from, clock):
    def register(number):
        person = come_from("127.0.0.7", username=f"p{number}-x", email=f"p{number}@example.com")
        form = {"username": person.username, "email": person.email}
        return person.ask("POST", "/auth/register", "json", data=form)

    assert [register(number).status_code for number in range(5)] == [201] * 5
    wait = too_many(register(5))
    assert 700 < wait <= 720  # seconds until one of five an hour has come back

    clock.move(seconds=wait)
    assert register(6).status_code == 201


def test_ten_answers_an_hour_say_that_a_name_is_taken(mira, come_from):
    """After that a free name gets the same answer as a taken one."""
    mira.sign_out()
    stranger = come_from("127.0.0.8")

    def register(**form):
        return stranger.ask("POST", "/auth/register", "json", data=form)

    for number in range(10):
        answer = register(username="mira", email=f"s{number}@example.com")
        assert answer.json["fields"] == {"username": "That username is taken. Choose another."}

    taken = register(username="mira", email="s@example.com")
    free = register(username="nobody", email="nobody@example.com")
    assert too_many(taken) == too_many(free)


def test_sixty_new_names_an_hour_for_an_account(mira, clock):
    """Each is an event that is kept for a year: else one session could fill the disk."""
    (passkey,) = mira.passkeys()
    path = f"/auth/account/passkeys/{passkey['id']}"
    for number in range(60):
        assert mira.json(path, {"name": f"Key {number}"}, "PATCH").status_code == 200

    wait = too_many(mira.json(path, {"name": "Key"}, "PATCH"))
    clock.move(seconds=wait)
    assert mira.json(path, {"name": "Key"}, "PATCH").status_code == 200


def test_faults_of_form_cost_nothing(visitor):
    for _ in range(40):
        assert visitor.form("/auth/register", username="?", email="?").status_code == 422
    assert visitor.register().status_code == 303


def test_one_mail_a_minute_for_a_browser(visitor, clock):
    visitor.ask_mail("mira@example.com")
    ask = {"data": {"identifier": "mira@example.com"}}

    too_many(visitor.ask("POST", "/auth/sign-in/email", "json", **ask), "too_soon")
    clock.move(minutes=1)
    assert visitor.ask("POST", "/auth/sign-in/email", "json", **ask).status_code == 200


@pytest.mark.parametrize("identifier", ["mira@example.com", "nobody@example.com", "mira"])
def test_five_mails_an_hour_to_one_mailbox_from_one_network(mira, come_from, identifier):
    """Whether or not there is such a mailbox: a 429 that knew would tell."""
    mira.sign_out()

    def ask(host):
        browser = come_from(f"127.9.9.{host}")
        return browser.ask("POST", "/auth/sign-in/email", "json", data={"identifier": identifier})

    assert [ask(host).status_code for host in range(1, 6)] == [200] * 5
    assert 700 < too_many(ask(6)) <= 720

    elsewhere = come_from("127.9.10.1")
    assert elsewhere.ask_mail(identifier).status_code == 303


def test_twenty_mails_an_hour_from_one_address(come_from):
    def ask(number):
        browser = come_from("127.0.0.9")
        form = {"identifier": f"n{number}@example.com"}
        return browser.ask("POST", "/auth/sign-in/email", "json", data=form)

    assert [ask(number).status_code for number in range(20)] == [200] * 20
    too_many(ask(20))


def test_the_page_says_when(visitor):
    for _ in range(120):
        visitor.json(OPTIONS)
    for number in range(20):
        visitor.drop_cookie("__Host-unlatch-mail")
        visitor.ask_mail(f"n{number}@example.com")
    visitor.drop_cookie("__Host-unlatch-mail")

    page = visitor.ask_mail("n@example.com")
    fragment = visitor.form("/auth/sign-in/email", "htmx", identifier="n@example.com")

    for shown in (page, fragment):
        assert shown.status_code == 429
        assert "Too many tries" in shown.text
        assert "Try again in <strong>3 minutes</strong>" in shown.text
        assert 120 < int(shown.headers["Retry-After"]) <= 180
    assert "<html" in page.text
    assert "<html" not in fragment.text
    told = visitor.json(OPTIONS)
    assert told.json["message"].endswith("so this one has to wait. Try again in 1 second.")
