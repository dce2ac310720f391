"""Somebody registers with his own address, corrects it to a victim's, and has one more mail sent
while that is under way: if it still goes to his own mailbox, and still counts afterwards, what is
in it proves an address that he never had.

On PostgreSQL, where many write at once: the mail is asked for, and leaves, before each step of the
correction, as many as there are.
"""

from functools import partial

import pytest
from people import Person
from slipping import begun_between

from unlatch.flask.sender.reading import body, code_in

pytestmark = pytest.mark.slow

OWN, VICTIMS = "squatter@example.com", "victim@example.com"


@pytest.fixture
def app(start_app, patient_postgres):
    return start_app(UNLATCH_DATABASE_URL=patient_postgres.url(patient_postgres.fresh()))


@pytest.fixture
def one_connection() -> None:
    """What comes meanwhile has one of its own."""


def test_no_mail_to_the_old_address_proves_the_new_one(app, come_from, outbox, kept):
    database = app.extensions["unlatch"].stores.database
    sent_meanwhile: set[int] = set()
    for before in range(1000):
        own, victims = f"{before}{OWN}", f"{before}{VICTIMS}"
        squatter: Person = come_from(f"127.8.{before}.1", username=f"squat{before}", email=own)
        squatter.register()
        same = squatter.at_another_browser().with_cookies_of(squatter)
        already = len(outbox.to(own))

        with begun_between(database, before, partial(same.form, "/auth/fresh/email")) as slip:
            corrected = squatter.form("/auth/account/email", email=victims)
        if len(slip.steps) <= before:
            break

        assert corrected.status_code == 303, slip.steps
        account = kept.account(squatter.username)
        assert account.address == victims
        mailed = outbox.to(own)[already:]
        if mailed:
            sent_meanwhile.add(before)
            same.form("/auth/fresh/email/code", code=code_in(body(mailed[-1], "plain")) or "")
        assert kept.account(squatter.username).email is None, f"before {before} of {slip.steps}"

    assert sent_meanwhile, "no mail ever left: nothing was tried"
