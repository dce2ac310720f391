"""One address in many spellings: a second account on somebody's address, a mail that goes to the
spelling instead of the address, a second recipient, another header.

The rule: NFKC first, then everything is decided; keys are case-folded; mails go to the address
that is stored, never to the one that was typed. What Unicode keeps apart even so (dotless i,
Cyrillic a) is another mailbox, and another person's.
"""

import pytest
from strategies import wide

from unlatch.flask.sender.transport import envelope

KELVIN, LONG_S, DOTLESS, DOTTED = "\u212a", "\u017f", "\u0131", "\u0130"

SPELLINGS = {
    # What is stored, and other ways to type it.
    "mike@example.com": (
        "MIKE@EXAMPLE.COM",
        " mike@example.com\u3000",
        wide("mike@example.com"),
        wide("MIKE@Example.com"),
        "mike\uff20example.com",
        "mike\ufe6bexample.com",
        f"mi{KELVIN}e@example.com",
        "mike@example\uff0ecom",
        "m\u2170ke@example.com",
    ),
    "office.services@example.com": (
        "o\ufb03ce.services@example.com",
        f"office.{LONG_S}ervices@example.com",
    ),
    "jos\u00e9@example.com": ("jose\u0301@example.com", "JOSE\u0301@example.com"),
    "stra\u00dfe@example.com": ("STRASSE@example.com", "stra\u1e9ee@example.com"),
    "mira@b\u00fccher.example": (
        "mira@xn--bcher-kva.example",
        "MIRA@XN--BCHER-KVA.EXAMPLE",
        "mira@B\u00dcCHER.example",
        "mira@bu\u0308cher.example",
    ),
}

LOOKALIKES = (
    f"m{DOTLESS}ke@example.com",
    f"m{DOTTED}ke@example.com",
    "m\u0456ke@example.com",  # Cyrillic i
    "mi\u03bae@example.com",  # Greek kappa
    "mi\u0327ke@example.com",
    "mike@ex\u0430mple.com",  # Cyrillic a
    "mike@exampl\u00e9.com",
    "mike+x@example.com",
    "m.ike@example.com",
)

NO_ADDRESSES = (
    '"mike"@example.com',
    '"mike@example.com"@evil.example',
    '"mike@example.com\\"@evil.example',
    "mike@example.com.",
    "mike@example.com\u3002",
    "mike.@example.com",
    "mike@example.com@evil.example",
    "mike%evil.example@example.com@",
    "mike@[127.0.0.1]",
    "mike@evil.example,mike@example.com",
    "mike@example.com,eve@evil.example",
    "mike@example.com\uff0ceve@evil.example",
    "mike@example.com;eve@evil.example",
    "mike@example.com eve@evil.example",
    "Mike <mike@example.com>",
    "mike(x)@example.com",
    "mike@example.com\r\nBcc: eve@evil.example",
    "mike@example.com\nBcc: eve@evil.example",
    "mike@example.com\rBcc:eve@evil.example",
    "mike@example.com\u2028Bcc: eve@evil.example",
    "mike\r\n@example.com",
    "mike\u00ad@example.com",
    "mike\u200b@example.com",
    "\u202emike@example.com",
    "\u0301mike@example.com",
    "mike@xn--.example",
    "mike@xn--example-.com",
)


def registered(come_from, email):
    person = come_from("127.5.0.9", username="first", email=email)
    person.register()
    return person


def recipients(outbox):
    return [envelope(mail)[1] for mail in outbox.mails]


@pytest.mark.parametrize(
    ("stored", "typed"), [(one, typed) for one, others in SPELLINGS.items() for typed in others]
)
def test_another_spelling_is_taken_and_its_mail_goes_to_the_stored_address(
    come_from, outbox, stored, typed
):
    registered(come_from, stored)
    (address,) = recipients(outbox)
    assert address.partition("@")[2].isascii(), "the domain is an A-label"
    outbox.clear()
    eve = come_from("127.6.6.6", username="eve")

    again = eve.ask(
        "POST",
        "/auth/register",
        "json",
        json={"name": "", "username": "eve", "email": typed},
    )
    eve.ask_mail(typed)

    assert again.status_code == 422
    assert again.json["fields"] == {"email": "That address already has an account."}
    assert recipients(outbox) == [address]
    assert eve.type_code(outbox.code).status_code == 303, "it found the account"


@pytest.mark.parametrize("typed", LOOKALIKES, ids=ascii)
def test_a_lookalike_is_somebody_else(come_from, outbox, typed):
    """It gets no mail of his, and may register: what is mailed then goes to its own mailbox."""
    registered(come_from, "mike@example.com")
    outbox.clear()
    eve = come_from("127.6.6.6", username="eve", email=typed)

    eve.ask_mail(typed)
    assert outbox.mails == []

    eve.register()
    assert "mike@example.com" not in recipients(outbox)
    assert eve.session["account"]["username"] == "eve"


@pytest.mark.parametrize("typed", NO_ADDRESSES, ids=ascii)
def test_what_is_no_address_gets_no_account_and_no_mail(come_from, outbox, kept, typed):
    registered(come_from, "mike@example.com")
    outbox.clear()
    eve = come_from("127.6.6.6", username="eve")

    made = eve.json("/auth/register", {"name": "", "username": "eve", "email": typed})
    eve.ask_mail(typed)

    assert made.status_code == 422
    assert "email" in made.json["fields"]
    assert outbox.mails == []
    assert kept.stores.accounts.by_username("eve") is None


def test_an_address_ends_where_it_ends(come_from, outbox):
    """What is longer than any address is nobody's, not the one that it begins with."""
    registered(come_from, "mike@example.com")
    outbox.clear()
    eve = come_from("127.6.6.6", username="eve")
    padded = "mike@example.com" + " " * 304 + "@evil.example"

    made = eve.json("/auth/register", {"name": "", "username": "eve", "email": padded})
    eve.ask_mail(padded)
    longest = eve.json(
        "/auth/register", {"name": "", "username": "eve", "email": "m" * 308 + "@example.com"}
    )

    assert [one.json["fields"]["email"] for one in (made, longest)] == [
        "That address is too long."
    ] * 2
    assert outbox.mails == []
