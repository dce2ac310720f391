"""Every address at which a mailed secret is spent, in its three faces, with the good one and with
one that will not do.
"""

from typing import NamedTuple

import pytest


class Spends(NamedTuple):
    """Attributes:
    ask: Where the mail is asked for; none where registering does.
    leads: Where the good secret leads to.
    """

    who: str
    ask: str
    path: str
    leads: str

    @property
    def by_link(self) -> bool:
        return self.path.endswith("/link")


ADDRESSES = [
    Spends("visitor", "/auth/sign-in/email", "/auth/sign-in/email/link", "/auth/account"),
    Spends("visitor", "/auth/sign-in/email", "/auth/sign-in/email/code", "/auth/account"),
    Spends("mira", "/auth/account/email/confirm", "/auth/account/email/link", "/auth/account"),
    Spends("mira", "/auth/account/email/confirm", "/auth/account/email/code", "/auth/account"),
    Spends("mira", "/auth/fresh/email", "/auth/fresh/email/code", "/auth/account"),
]
everywhere = pytest.mark.parametrize("address", ADDRESSES, ids=lambda one: one.path)
in_every_face = pytest.mark.parametrize("face", ["page", "htmx", "json"])


@pytest.fixture
def spend(request, outbox, mira, clock):
    """`spend(address, face, good=…)`: asks for a mail, and sends what is in it."""

    def send(address, face, *, good):
        clock.move(minutes=1)
        person = request.getfixturevalue(address.who)
        assert person.form(address.ask, identifier="mira").status_code == 303
        if address.by_link and good:
            assert person.open_link(outbox.link).location == address.path
        body = {} if address.by_link else {"code": outbox.code if good else "ABCD-EFGH"}
        return (
            person.json(address.path, body)
            if face == "json"
            else person.form(address.path, face, **body)
        )

    return send


@everywhere
@in_every_face
def test_the_good_one_leads_on(spend, address, face):
    answer = spend(address, face, good=True)

    if face == "page":
        assert (answer.status_code, answer.location) == (303, address.leads)
    elif face == "htmx":
        assert (answer.status_code, answer.text) == (200, "")
        assert answer.headers["HX-Redirect"] == address.leads
    else:
        assert (answer.status_code, answer.json) == (200, {"next": address.leads})


@everywhere
@in_every_face
def test_one_that_will_not_do_is_refused(spend, address, face):
    answer = spend(address, face, good=False)

    reason = "mail_gone" if address.by_link else "wrong_code"
    assert answer.status_code == 401
    if face == "json":
        assert answer.json["error"] == reason
    else:
        assert ("<html" in answer.text) is (face == "page")
        words = "no longer works" if address.by_link else "You have 4 tries left."
        assert words in answer.text


@pytest.mark.parametrize("path", ["/auth/sign-in/email/link", "/auth/account/email/link"])
@in_every_face
def test_an_opened_link_shows_its_button(mira, outbox, clock, path, face):
    clock.move(minutes=1)
    mira.form("/auth/account/email/confirm" if "account" in path else "/auth/sign-in/email")
    assert mira.open_link(outbox.link).location == path

    answer = mira.get(path, face)

    assert answer.status_code == 200
    if face == "json":
        assert answer.mimetype == "application/json"
    else:
        assert ("<html" in answer.text) is (face == "page")
        assert f'action="{path}"' in answer.text
