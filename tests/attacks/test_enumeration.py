"""Somebody types names and addresses at the sign-in page to learn who has an account here.

Whatever they can see is compared, but for what is random in it: status, headers, cookies, body;
of somebody with a passkey, somebody without, somebody whom an operator disabled, and nobody.
"""

import json
import re
import uuid
from urllib.parse import urlencode

import pytest
from people import FACES

from unlatch.core import binding, mail_tokens
from unlatch.core.kinds import Purpose

NAMES = ("mira", "mona", "milo", "maja")
"""Passkey, none, disabled, nobody: of one length, as are their addresses, and of one initial,
which the page shows large."""

EMAIL = "/auth/sign-in/email"
CODE = "/auth/sign-in/email/code"
LINK = "/auth/sign-in/email/link"

every_face = pytest.mark.parametrize("face", FACES)


@pytest.fixture(autouse=True)
def people(mira, come_from, kept):
    for name in ("mona", "milo"):
        somebody = come_from("127.7.7.7", username=name, email=f"{name}@example.com", name=name)
        somebody.register()
    somebody.add_passkey()
    with kept.stores.unit() as unit:
        unit.accounts.disable(kept.account("milo").id, now=1)


@pytest.fixture
def strangers(come_from):
    """Somebody at a new browser for each name."""
    return {name: come_from(f"127.9.{number}.1") for number, name in enumerate(NAMES)}


def alike(seen):
    """Whether each is the same for everybody; gives what that is."""
    first = seen["maja"]
    assert seen == dict.fromkeys(NAMES, first)
    return first


def look(answer, name):
    """All that can be seen of an answer, without what is random and what was typed."""
    headers = [
        (key, _masked(value, name))
        for key, value in answer.headers
        if key not in ("Date", "Set-Cookie")
    ]
    cookies = sorted(_cookie(one) for one in answer.headers.getlist("Set-Cookie"))
    return answer.status_code, headers, cookies, _masked(answer.text, name)


def _masked(text, name):
    without_random = re.sub(r"[A-Za-z0-9_-]{40,}", lambda found: f"<{len(found[0])}>", text)
    return without_random.replace(name, "NAME")


def _cookie(said):
    named, _, attributes = said.partition(";")
    name, _, value = named.partition("=")
    return re.sub("(?<=-c-).{16}$", "<16>", name), len(value), attributes


def test_saying_who_one_is(strangers):
    """And the page that asks how, in every face."""
    seen: dict[str, list[object]] = {name: [] for name in NAMES}
    for name, one in strangers.items():
        for face in FACES:
            for typed in (name, f"{name}@example.com"):
                said = one.form("/auth/sign-in", face, identifier=typed)
                seen[name].append(look(said, name))
            onward = one.form("/auth/sign-in", identifier=name).headers["Location"]
            seen[name].append(look(one.get(onward, face), name))

    assert [one[0] for one in alike(seen)] == [303, 303, 200] + [200] * 6


@pytest.mark.parametrize("form", ["{}", "{}@example.com"])
def test_beginning_a_sign_in_by_name(strangers, form):
    """The ids themselves are what test_decoys.py is about."""
    seen = {}
    for name, one in strangers.items():
        answer = one.json("/auth/sign-in/passkey/options", {"identifier": form.format(name)})
        told = json.loads(answer.text)["publicKey"]
        for allowed in told.pop("allowCredentials"):
            assert {"id", "type"} <= allowed.keys() <= {"id", "type", "transports"}
        status, headers, cookies, _ = look(answer, name)
        told["challenge"] = len(told["challenge"])
        seen[name] = status, [one for one in headers if "Length" not in one[0]], cookies, told

    status, _, cookies, _ = alike(seen)
    assert status == 200
    assert len(cookies) == 1


def test_answering_with_an_id_of_the_list(strangers, mira):
    seen = {}
    for name, one in strangers.items():
        options = one.begin_sign_in(identifier=name)["publicKey"]
        asked = {"challenge": options["challenge"], "rpId": options["rpId"]}
        answer = mira.key.get(asked, user_verified=False)
        answer["id"] = answer["rawId"] = options["allowCredentials"][0]["id"]
        seen[name] = look(one.json("/auth/sign-in/passkey", answer), name)

    assert alike(seen)[0] == 401


@every_face
def test_asking_for_a_mail(strangers, outbox, face):
    seen = {}
    for name, one in strangers.items():
        asked = one.form(EMAIL, face, identifier=f"{name}@example.com")
        seen[name] = look(asked, name), look(one.get(EMAIL, face), name)

    (status, _, cookies, _), _ = alike(seen)
    assert status == (303 if face == "page" else 200)
    assert len(cookies) == 1
    assert {mail["To"] for mail in outbox.mails} == {"mira@example.com", "mona@example.com"}


@every_face
def test_asking_again_too_soon(strangers, face):
    seen = {}
    for name, one in strangers.items():
        one.form(EMAIL, face, identifier=name)
        seen[name] = look(one.form(EMAIL, face, identifier=name), name)

    alike(seen)


@every_face
@pytest.mark.parametrize("sent", [True, False], ids=["sent", "not yet sent"])
def test_guessing_the_code(strangers, request, face, sent):
    """Until no try is left, and once more."""
    if sent:
        request.getfixturevalue("outbox")
    seen = {}
    for name, one in strangers.items():
        one.form(EMAIL, identifier=name)
        seen[name] = [look(one.form(CODE, face, code="ABCD-EFGH"), name) for _ in range(6)]

    tries = alike(seen)
    assert len({text for _, _, _, text in tries}) == 6


@every_face
def test_guessing_the_code_while_its_owner_signs_in(strangers, mira, confirm, outbox, face):
    """Which ends the mails of others, who would learn that there is somebody, and when he came."""
    confirm(mira)
    seen = {}
    for name, one in strangers.items():
        one.form(EMAIL, identifier=name)
    assert mira.sign_in().status_code == 200
    for name, one in strangers.items():
        seen[name] = [look(one.form(CODE, face, code="ABCD-EFGH"), name) for _ in range(6)]

    alike(seen)


@every_face
def test_guessing_a_link(strangers, outbox, face):
    seen = {}
    for name, one in strangers.items():
        one.form(EMAIL, identifier=name)
        query = urlencode({"token": "A" * 86})
        seen[name] = [
            look(one.get(f"{LINK}?{query}", face), name),
            look(one.get(LINK, face), name),
            look(one.form(LINK, face), name),
        ]

    assert [status for status, *_ in alike(seen)] == [401] * 3


@every_face
def test_a_link_to_nobodys_mail(strangers, outbox, app, face):
    """Rightly made, which only the site could, and never sent: like one to a mail that is not
    there.
    """
    keys = app.extensions["unlatch"].gate.keys
    seen = []
    for name in ("milo", "maja"):
        strangers[name].form(EMAIL, identifier=name)
        bound = binding.open_sealed(strangers[name].cookies["__Host-unlatch-mail"], keys, now=0)
        assert bound is not None
        for mail_id in (bound.newest["sign_in"].mail_id, str(uuid.uuid4())):
            _, token = mail_tokens.mint(mail_id, Purpose.SIGN_IN, keys)
            opened = strangers[name].get(f"{LINK}?token={token}", face)
            seen.append(look(opened, name))

    assert seen == [seen[0]] * 4
    assert seen[0][0] == 401
