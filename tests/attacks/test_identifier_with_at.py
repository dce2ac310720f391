"""A username that looks like an address: who takes `noah@example.com` for a username gets what is
meant for Noah, if names and addresses are ever looked up in each other's place.
"""

import pytest
from strategies import wide

from unlatch.flask.sender.transport import envelope

ATS = ("@", "\uff20", "\ufe6b")


@pytest.mark.parametrize("at", ATS, ids=ascii)
def test_no_username_holds_an_at(visitor, at):
    made = visitor.json(
        "/auth/register",
        {"name": "", "username": f"noah{at}example.com", "email": "eve@example.com"},
    )

    assert made.status_code == 422
    assert set(made.json["fields"]) == {"username"}


@pytest.mark.parametrize("at", ATS, ids=ascii)
def test_with_an_at_it_is_only_an_address(mira, noah, visitor, outbox, at):
    visitor.ask_mail(f"noah{at}example.com")

    assert [envelope(mail)[1] for mail in outbox.mails] == ["noah@example.com"]


@pytest.mark.parametrize("typed", ["mira@", "@mira", "mira@nowhere", wide("mira@"), "mira@@"])
def test_a_username_beside_an_at_is_nobody(mira, visitor, outbox, typed):
    visitor.ask_mail(typed)
    begun = visitor.begin_sign_in(identifier=typed)
    begun["publicKey"]["allowCredentials"] = []  # decoys, which an honest device passes over
    answer = visitor.json("/auth/sign-in/passkey", mira.key.get(begun))

    assert outbox.mails == []
    assert answer.status_code == 401


def test_a_username_that_spells_the_local_part_of_an_address_is_no_address(come_from, outbox):
    """Mira's mailbox is `boss@…`; Eve takes the name `boss`. Each is found by what is theirs."""
    come_from("127.5.0.1", username="mira", email="boss@example.com").register()
    come_from("127.6.6.6", username="boss", email="eve@example.com").register()
    stranger = come_from("127.5.0.2")
    outbox.clear()

    stranger.ask_mail("boss@example.com")
    come_from("127.5.0.3").ask_mail("boss")

    assert [envelope(mail)[1] for mail in outbox.mails] == ["boss@example.com", "eve@example.com"]
