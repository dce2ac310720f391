"""A host's policy: it demands more than the rules, and never less."""

import pytest
from people import Person

from unlatch import Demand, Policy, Unlatch
from unlatch.testing import Outbox, SoftAuthenticator

NEW = "/auth/account/passkeys/new"


class PasskeysVouchForPasskeys(Policy):
    """Once an account has a passkey, a mailbox adds no other; and every proof is younger."""

    def to_add_passkey(self, account):
        return Demand(max_age=60, by_passkey=True)


class Lax(Policy):
    """Would like everything to be easy."""

    probation = 0

    def to_add_passkey(self, account):
        return Demand(max_age=100_000)

    to_remove_passkey = to_change_address = to_add_passkey


class Broken(Policy):
    def to_remove_passkey(self, account):
        raise RuntimeError("a host's mistake")


@pytest.fixture
def at_site_with(new_app, clock):
    """`at_site_with(policy)`: Mira, registered with a passkey, confirmed, ten minutes ago."""

    def make(policy: Policy | None) -> tuple[Person, Outbox]:
        app = new_app(policy=policy)
        mira, outbox = Person(app.test_client()), Outbox(app)
        mira.register()
        mira.form("/auth/account/email/code", code=outbox.code)
        assert mira.add_passkey().status_code == 201
        clock.move(minutes=10)
        return mira, outbox

    return make


def by_mail(mira, outbox):
    """Prove again by a mailed code, at a page where that serves."""
    mira.form("/auth/fresh/email", next="/vault")
    assert mira.form("/auth/fresh/email/code", code=outbox.code).status_code == 303


def removal_of(mira):
    return f"/auth/account/passkeys/{mira.passkeys()[0]['id']}/remove"


def test_a_host_may_want_a_passkey_for_adding_one(at_site_with):
    mira, outbox = at_site_with(PasskeysVouchForPasskeys())
    by_mail(mira, outbox)
    assert mira.get(NEW).location == f"/auth/fresh?next={NEW}"
    assert mira.json("/auth/account/passkeys/options").status_code == 403

    mira.prove_again()

    assert mira.get(NEW).status_code == 200
    assert mira.add_passkey(SoftAuthenticator()).status_code == 201


def test_the_question_offers_only_what_would_satisfy_the_host(at_site_with):
    mira, outbox = at_site_with(PasskeysVouchForPasskeys())
    outbox.clear()

    page = mira.get(f"/auth/fresh?next={NEW}")

    assert "Confirm with a passkey" in page.text
    assert "Email me a code" not in page.text
    assert mira.form("/auth/fresh/email", next=NEW).location == f"/auth/fresh?next={NEW}"
    assert mira.json("/auth/fresh/email", {"next": NEW}).json == {"next": f"/auth/fresh?next={NEW}"}
    assert outbox.mails == []
    assert "Email me a code" in mira.get("/auth/fresh?next=/vault").text


def test_a_host_may_want_a_younger_proof(at_site_with, clock):
    mira, _ = at_site_with(PasskeysVouchForPasskeys())
    mira.prove_again()
    clock.move(seconds=58)
    assert mira.get(NEW).status_code == 200

    clock.move(seconds=3)

    assert mira.get(NEW).status_code == 303
    assert mira.get(removal_of(mira)).status_code == 200


def test_where_an_account_has_no_passkey_mail_adds_the_first(at_site_with):
    """Or nobody could ever have one."""
    mira, outbox = at_site_with(PasskeysVouchForPasskeys())
    mira.prove_again()
    assert mira.form(removal_of(mira)).location == "/auth/account"

    by_mail(mira, outbox)

    assert mira.get(NEW).status_code == 200


def test_a_host_cannot_demand_less(at_site_with, clock):
    mira, outbox = at_site_with(Lax())
    assert mira.get(NEW).status_code == 303
    by_mail(mira, outbox)
    assert mira.form(removal_of(mira)).status_code == 303
    mira.add_passkey(SoftAuthenticator())
    assert len(mira.passkeys()) == 2

    thief = mira.at_another_browser(key=SoftAuthenticator())
    thief.ask_mail()
    thief.type_code(outbox.code)
    thief.add_passkey()
    thief.prove_again()

    assert thief.form(removal_of(thief)).location.startswith("/auth/fresh")
    assert len(mira.passkeys()) == 3


def test_a_policy_that_fails_lets_nothing_pass(at_site_with):
    mira, _ = at_site_with(Broken())
    mira.client.application.testing = False
    mira.prove_again()

    assert mira.form(removal_of(mira)).status_code == 500
    assert len(mira.passkeys()) == 1


def test_without_one_the_rules_are_all(at_site_with):
    mira, outbox = at_site_with(None)
    by_mail(mira, outbox)

    assert mira.get(NEW).status_code == 200


def test_each_app_may_have_its_own(tmp_path):
    """One object serves several apps: its own policy, unless the app is given another."""
    from flask import Flask

    strict, lax = PasskeysVouchForPasskeys(), Lax()
    unlatch = Unlatch(policy=strict)
    policies = []
    for name, own in (("one", None), ("two", lax)):
        app = Flask(name, instance_path=str(tmp_path / name))
        app.testing = True
        unlatch.init_app(app, policy=own)
        policies.append(app.extensions["unlatch"].policy)

    assert policies == [strict, lax]
