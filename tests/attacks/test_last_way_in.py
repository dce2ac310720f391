"""The last way in, removed: an account whose address nobody proved and that has no passkey is open
to nobody. By mistake, by two buttons pressed at once, or by whoever is at the browser.
"""

import pytest
from crowd import crowd
from people import Person

from unlatch.testing import SoftAuthenticator

REMOVE = "/auth/account/passkeys/{}/remove"


@pytest.mark.parametrize("face", ["page", "htmx", "json"])
def test_the_only_passkey_stays_while_the_address_is_unconfirmed(mira, kept, face):
    [only] = mira.passkeys()

    answer = mira.form(REMOVE.format(only["id"]), face)

    assert answer.status_code == 409
    assert len(kept.passkeys()) == 1
    assert mira.get(REMOVE.format(only["id"])).status_code == 409
    assert mira.sign_in().status_code == 200


def test_of_two_removed_at_once_one_stays(app, mira, kept):
    """From two browsers, each removing one: whoever comes second is refused."""
    first = mira.passkeys()[0]["id"]
    mira.key = SoftAuthenticator(origin=mira.site)
    mira.add_passkey()
    [second] = [one["id"] for one in mira.passkeys() if one["id"] != first]
    browsers = [Person(app.test_client(), site=mira.site) for _ in range(2)]
    for browser in browsers:
        browser.set_cookie("__Host-unlatch", mira.cookies["__Host-unlatch"])

    def remove(number):
        path = f"/auth/account/passkeys/{(first, second)[number]}"
        return browsers[number].json(path, method="DELETE").status_code

    with crowd(2) as two:
        statuses = two.at_once(remove)

    assert statuses in ([200, 409], [409, 200])
    assert len(kept.passkeys()) == 1


def test_with_a_confirmed_address_it_may_go_and_mail_lets_in(mira, confirm, outbox):
    confirm(mira)
    [only] = mira.passkeys()
    assert "It's your only passkey." in mira.get(REMOVE.format(only["id"])).text
    assert mira.form(REMOVE.format(only["id"])).status_code == 303
    mira.sign_out()

    mira.ask_mail()
    mira.type_code(outbox.code)

    assert mira.method == "email"


def test_changing_the_address_opens_no_way_around_it(mira, confirm):
    """A confirmed address cannot become an unconfirmed one afterwards."""
    confirm(mira)
    [only] = mira.passkeys()
    mira.form(REMOVE.format(only["id"]))

    assert mira.form("/auth/account/email", email="nowhere@example.com").status_code == 404


def test_who_is_shut_out_meanwhile_removes_and_adds_nothing(app, mira, confirm, kept, monkeypatch):
    """An operator disables the account between a request's first look and its transaction."""
    confirm(mira)
    [only] = mira.passkeys()
    key = SoftAuthenticator(origin=mira.site)
    answer = key.create(mira.begin_passkey()["publicKey"] | {"excludeCredentials": []})
    stores = app.extensions["unlatch"].stores
    of = stores.passkeys.of

    def disabled_after_reading(account_id):
        found = of(account_id)
        with stores.unit() as unit:
            unit.accounts.disable(account_id, now=1)
        return found

    monkeypatch.setattr(stores.passkeys, "of", disabled_after_reading)
    removal = mira.json(REMOVE.format(only["id"]))
    with stores.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE unlatch_accounts SET disabled_at = NULL")
    addition = mira.json("/auth/account/passkeys", answer)

    assert (removal.status_code, addition.status_code) == (401, 401)
    assert len(kept.stores.passkeys.of(kept.account().id)) == 1
