"""A stranger's failures eating a victim's limit, so that the owner is locked out.

From another address, from behind the same one, and with the victim's own name.
"""

from strangers import too_many, wrong_passkey

NAT = "127.3.3.3"


def test_another_address_eats_nothing(mira, come_from):
    mira.sign_out()
    mira.drop_cookie("__Host-unlatch-account")
    stranger = come_from(NAT)
    for _ in range(31):
        wrong_passkey(stranger)
    too_many(wrong_passkey(stranger))

    assert mira.sign_in().status_code == 200


def test_a_neighbour_behind_the_same_address_eats_nothing_of_a_browser_that_has_been_here(
    mira, come_from
):
    mira.sign_out()
    mira.client.address = NAT
    stranger = come_from(NAT)
    for _ in range(30):
        wrong_passkey(stranger)
    too_many(wrong_passkey(stranger))

    assert mira.sign_in().status_code == 200


def test_nor_does_he_eat_its_mails_and_codes(mira, come_from, outbox, confirm):
    confirm(mira)
    mira.sign_out()
    mira.sign_in()
    mira.sign_out()
    mira.client.address = NAT
    stranger = come_from(NAT)
    for number in range(22):
        stranger.drop_cookie("__Host-unlatch-mail")
        answer = stranger.ask_mail(mira.email if number < 6 else f"n{number}@example.com")
    assert answer.status_code == 429
    for _ in range(30):
        wrong_passkey(stranger)

    assert mira.ask_mail(mira.email).status_code == 303
    assert mira.type_code(outbox.code).status_code == 303
    assert mira.method == "email"


def test_a_remembered_account_is_no_allowance_for_mail_to_others(mira, noah, come_from):
    """Else everybody with an account of his own could fill other people's mailboxes."""
    noah.sign_out()
    noah.client.address = NAT
    for _ in range(5):
        noah.drop_cookie("__Host-unlatch-mail")
        assert noah.ask_mail(mira.email).status_code == 303

    noah.drop_cookie("__Host-unlatch-mail")
    assert noah.ask_mail(mira.email).status_code == 429
    assert come_from("127.3.3.9").ask_mail(mira.email).status_code == 429


def test_whoever_was_once_inside_cannot_shut_the_owner_out(mira, confirm, come_from, outbox):
    """He has kept the cookie by which a browser remembers her, and uses up all that it is good
    for; then hers is as good as a stranger's, at another address.
    """
    confirm(mira)
    mira.sign_out()
    mira.sign_in()  # since the proof, so that what it remembers counts
    mira.sign_out()
    thief = come_from(NAT)
    thief.set_cookie("__Host-unlatch-account", mira.cookies["__Host-unlatch-account"])
    for _ in range(60):
        wrong_passkey(thief)
    too_many(wrong_passkey(thief))
    for _ in range(11):
        thief.drop_cookie("__Host-unlatch-mail")
        last = thief.ask_mail(mira.email)
    assert last.status_code == 429

    assert mira.ask_mail(mira.email).status_code == 303
    assert mira.type_code(outbox.code).status_code == 303
    mira.sign_out()
    assert mira.sign_in().status_code == 200
