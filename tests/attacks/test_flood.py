"""A thousand addresses, for a day: asking for mails to one account, guessing at its codes, showing
wrong passkeys by its name. Its owner gets in at once, by passkey and by mail.
"""

import pytest
from strangers import wrong_passkey

from unlatch.flask.sender.reading import body, code_in

ADDRESSES = 1_000
DAY = 86_400

pytestmark = pytest.mark.slow


def flood(stranger, victim, number):
    stranger.ask_mail(victim.email)
    stranger.type_code("AAAA-AAAA")
    if number % 8 < 2:
        wrong_passkey(stranger)


def test_an_owner_gets_in_at_once(outbox, mira, noah, come_from, clock):
    """Mira has a passkey; Noah has removed his, and signs in by mail in a browser he has used."""
    asks_to_confirm, *_ = outbox.to(noah.email)
    code = code_in(body(asks_to_confirm, "plain"))
    assert noah.form("/auth/account/email/code", code=code).status_code == 303
    (passkey,) = noah.passkeys()
    assert noah.form(f"/auth/account/passkeys/{passkey['id']}/remove").status_code == 303
    for owner in (mira, noah):
        owner.sign_out()

    for number in range(ADDRESSES):
        stranger = come_from("127.{}.{}.1".format(*divmod(number + 500, 250)))
        flood(stranger, (mira, noah)[number % 2], number)
        if number < ADDRESSES - 100:  # the last hundred come in one moment
            clock.move(seconds=DAY / (ADDRESSES - 100))

    assert mira.sign_in().status_code == 200
    outbox.clear()
    assert noah.ask_mail(noah.email).status_code == 303
    assert noah.type_code(outbox.code).status_code == 303
    assert (mira.method, noah.method) == ("passkey", "email")


def test_no_mailbox_is_filled(mira, come_from, outbox, clock):
    """Of a flood in one moment, twenty mails go out; the rest are not told from them."""
    mira.sign_out()
    outbox.clear()

    answers = [
        come_from(f"127.200.{number}.1").ask_mail(mira.email).status_code for number in range(60)
    ]

    assert set(answers) == {303}
    assert len(outbox.to(mira.email)) == 20
