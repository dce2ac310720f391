"""A session id that the attacker knows: planted in the victim's browser before she signs in, so
that it opens her session afterwards; or copied before she proves again, so that it becomes fresh.
"""

import pytest

SESSION = "__Host-unlatch"


def copy_of(person, token):
    """A browser that has nothing but that session id."""
    thief = person.at_another_browser()
    thief.set_cookie(SESSION, token)
    return thief


def by_passkey(person, outbox):
    person.sign_in()


def by_code(person, outbox):
    person.ask_mail()
    person.type_code(outbox.code)


def by_link(person, outbox):
    person.ask_mail()
    person.open_link(outbox.link)
    person.form("/auth/sign-in/email/link")


def by_registration(person, outbox):
    person.register(username="mira2", email="mira2@example.com")


SIGN_INS = [by_passkey, by_code, by_link, by_registration]


@pytest.mark.parametrize("way", SIGN_INS)
def test_a_planted_id_is_not_adopted(mira, visitor, outbox, way):
    planted = "A" * 43
    visitor.key = mira.key
    visitor.set_cookie(SESSION, planted)

    way(visitor, outbox)

    assert visitor.session
    assert visitor.cookies[SESSION] != planted
    assert copy_of(visitor, planted).session is None


@pytest.mark.parametrize("way", SIGN_INS)
def test_the_attackers_own_session_does_not_become_the_victims(mira, noah, outbox, way):
    """Planted live: it ends with the sign-in, and knows nothing of her."""
    planted = noah.cookies[SESSION]
    mira.set_cookie(SESSION, planted)

    way(mira, outbox)

    assert mira.session["account"]["username"] in ("mira", "mira2")
    assert mira.cookies[SESSION] != planted
    assert noah.session is None


def by_fresh_passkey(person, outbox):
    person.prove_again()


def by_fresh_code(person, outbox):
    person.form("/auth/fresh/email")
    person.form("/auth/fresh/email/code", code=outbox.code)


@pytest.mark.parametrize("way", [*SIGN_INS, by_fresh_passkey, by_fresh_code])
def test_a_copied_id_is_dead_after_the_next_proof(mira, outbox, way):
    thief = copy_of(mira, mira.cookies[SESSION])
    assert thief.session

    way(mira, outbox)

    assert mira.session
    assert thief.session is None
    assert thief.get("/notes").status_code == 303


@pytest.mark.parametrize("face", ["page", "htmx", "json"])
def test_an_unknown_id_changes_no_cookie(visitor, face):
    """Else whoever can plant one could sign people out."""
    visitor.set_cookie(SESSION, "A" * 43)

    for path in ("/auth/account", "/auth/session", "/notes", "/"):
        assert not visitor.get(path, face).headers.getlist("Set-Cookie")
