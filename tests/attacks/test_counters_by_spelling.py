"""Spellings of one address with a counter each: as many mails as there are spellings."""

import pytest

SPELLINGS = [
    "mira@example.com",
    "MIRA@Example.COM",
    " mira@example.com ",
    "ｍｉｒａ@example.com",  # noqa: RUF001  # full-width letters are the attack
    "mira＠example.com",  # noqa: RUF001  # and so is the full-width @
]


@pytest.mark.parametrize("again", ["mira@example.com", "Mira@EXAMPLE.com", "mira＠example.com"])  # noqa: RUF001
def test_all_spellings_of_a_mailbox_are_one_counter(come_from, again):
    for spelled in SPELLINGS:
        assert come_from("127.2.2.2").ask_mail(spelled).status_code == 303

    assert come_from("127.2.2.2").ask_mail(again).status_code == 429


def test_so_are_all_spellings_of_a_username(come_from):
    for spelled in ("mira", "MIRA", " Mira", "ｍｉｒａ", "mira "):  # noqa: RUF001
        assert come_from("127.2.2.2").ask_mail(spelled).status_code == 303

    assert come_from("127.2.2.2").ask_mail("mIRA").status_code == 429


def test_ipv6_is_counted_by_household(start_app):
    """Whoever has one address has 2^64."""
    client = start_app(UNLATCH_TRUSTED_PROXIES="127.0.0.1").test_client()

    def ask(address):
        client.delete_cookie("__Host-unlatch-mail", domain="acme.example")
        return client.post(
            "/auth/sign-in/email",
            base_url="https://acme.example",
            data={"identifier": "mira@example.com"},
            headers={"Origin": "https://acme.example", "X-Forwarded-For": address},
        ).status_code

    same = [ask(f"2001:db8:1:2:{host:x}::{host:x}") for host in range(1, 7)]
    assert same == [303] * 5 + [429]
    assert ask("2001:db8:1:3::1") == 303
