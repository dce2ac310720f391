"""Guessing at the codes of one account for days, from everywhere: each mail has five tries,
and anybody may ask for mails. And the other way round: using that to lock the owner out.
"""

import pytest

from unlatch.flask.sender.reading import body, code_in, link_in

WRONG = "AAAA-AAAA"


@pytest.fixture
def guess(mira, come_from, outbox):
    """`guess(times)`: wrong codes, from ever new browsers and networks."""
    networks = iter(range(1, 255))

    def guess_often(times):
        for _ in range(times // 5):
            thief = come_from(f"127.20.{next(networks)}.1")
            thief.ask_mail(mira.email)
            for _ in range(5):
                assert thief.type_code(WRONG).status_code == 401

    return guess_often


def asks_from_elsewhere(mira, come_from, outbox):
    """The owner at a new device: what the mail holds, and the browser that asked."""
    owner = come_from("127.30.1.1")
    owner.ask_mail(mira.email)
    text = body(outbox.mails[-1], "plain")
    return owner, code_in(text), link_in(text)


def test_after_twenty_wrong_codes_mails_carry_a_link_only(mira, guess, come_from, outbox):
    guess(20)

    owner, code, link = asks_from_elsewhere(mira, come_from, outbox)

    assert code is None
    assert owner.open_link(link).status_code == 303
    assert owner.form("/auth/sign-in/email/link").status_code == 303
    assert owner.method == "email"


def test_mails_asked_for_before_take_no_more_codes_either(mira, guess, come_from, outbox):
    """Else whoever asks for many first has five tries at each. Their links still work."""
    owner, code, link = asks_from_elsewhere(mira, come_from, outbox)
    guess(20)

    answer = owner.ask("POST", "/auth/sign-in/email/code", "json", data={"code": code})
    assert (answer.status_code, answer.json["error"]) == (401, "wrong_code")
    assert owner.method is None

    owner.open_link(link)
    assert owner.form("/auth/sign-in/email/link").status_code == 303
    assert owner.method == "email"


def test_the_twentieth_may_be_the_right_one(mira, guess, come_from, outbox):
    owner, code, _ = asks_from_elsewhere(mira, come_from, outbox)
    guess(15)
    for _ in range(4):
        owner.type_code(WRONG)

    assert owner.type_code(code).status_code == 303


def test_nineteen_change_nothing(mira, guess, come_from, outbox):
    guess(15)
    thief = come_from("127.20.0.9")
    thief.ask_mail(mira.email)
    for _ in range(4):
        thief.type_code(WRONG)

    _, code, _ = asks_from_elsewhere(mira, come_from, outbox)

    assert code is not None


def test_the_page_does_not_tell(mira, guess, come_from, outbox):
    """Who guesses at a mail without a code learns as little as before."""
    before = come_from("127.21.1.1")
    before.ask_mail(mira.email)
    guess(20)
    after = come_from("127.21.2.1")
    after.ask_mail(mira.email)
    stranger = come_from("127.21.3.1")
    stranger.ask_mail("nobody@example.com")

    told = [
        person.ask("POST", "/auth/sign-in/email/code", "json", data={"code": WRONG})
        for person in (before, after, stranger)
    ]

    assert [one.status_code for one in told] == [401] * 3
    assert told[0].json == told[1].json == told[2].json


def test_it_ends_after_a_day(mira, guess, come_from, outbox, clock):
    guess(20)
    clock.move(days=1)

    _, code, _ = asks_from_elsewhere(mira, come_from, outbox)

    assert code is not None


@pytest.mark.parametrize("way", ["passkey", "link"])
def test_it_ends_by_a_success(mira, guess, come_from, outbox, way):
    guess(20)
    if way == "passkey":
        mira.sign_out()
        assert mira.sign_in().status_code == 200
    else:
        owner, _, link = asks_from_elsewhere(mira, come_from, outbox)
        owner.open_link(link)
        owner.form("/auth/sign-in/email/link")
        assert owner.method == "email"

    later = come_from("127.31.1.1")
    later.ask_mail(mira.email)

    assert code_in(body(outbox.mails[-1], "plain")) is not None


def test_a_browser_that_has_been_here_keeps_its_code(mira, guess, outbox):
    mira.sign_out()
    guess(20)

    mira.ask_mail()

    assert mira.type_code(outbox.code).status_code == 303
    assert mira.method == "email"


def test_its_own_slips_of_the_pen_cost_the_account_nothing(mira, come_from, outbox, clock):
    mira.sign_out()
    for _ in range(5):
        mira.ask_mail()
        for _ in range(5):
            mira.type_code(WRONG)
        clock.move(minutes=15)

    _, code, _ = asks_from_elsewhere(mira, come_from, outbox)

    assert code is not None


def test_codes_inside_a_session_are_always_there(mira, guess, outbox):
    """To prove again there is no link, so without a code there would be no way."""
    guess(20)

    mira.form("/auth/fresh/email")

    assert mira.form("/auth/fresh/email/code", code=outbox.code).status_code == 303
