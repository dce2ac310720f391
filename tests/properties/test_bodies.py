"""Whatever body is sent to whatever address: the answer is one of ours.

By the map that requests are led by, so a new address is besieged from its first day.
"""

from besieged import FIELDS, ORIGIN, Way, besieged, check, every_way
from hypothesis import example, given
from hypothesis import strategies as st
from people import FACES
from strategies import CREDENTIAL, FORM, JSON, as_form, as_json, bent, bodies, objects, texts

from unlatch.testing import SoftAuthenticator

WAYS = every_way(changing=True)
ways = st.sampled_from(WAYS)
faces = st.sampled_from(tuple(FACES))


def send_everywhere(body: bytes, content_type: str) -> None:
    """To every address, as a program of Mira's."""
    mira = besieged()
    passkey = mira.passkeys()[0]["id"]
    for way in WAYS:
        path = way.path(passkey)
        answer = mira.ask(way.method, path, "json", data=body, content_type=content_type)
        check(answer, "json")


@given(objects(*FIELDS))
def test_no_json_breaks_an_address(fields):
    send_everywhere(as_json(fields), JSON)


@given(st.dictionaries(st.sampled_from(FIELDS), texts))
def test_no_form_breaks_an_address(fields):
    send_everywhere(as_form(fields), FORM)


@given(bodies(*FIELDS, *CREDENTIAL), ways, faces, st.booleans())
@example((JSON, b'{"email": "\\ud800@example.com"}'), Way("POST", "/auth/register"), "page", False)
@example((JSON, b"[" * 20_000), Way("POST", "/auth/sign-in/passkey"), "json", False)
def test_no_body_breaks_an_address_in_any_face(body, way, face, signed_in):
    content_type, content = body
    mira = besieged()
    sender = mira if signed_in else mira.at_another_browser()

    answer = sender.ask(way.method, way.path("x"), face, data=content, content_type=content_type)

    check(answer, face)


@given(st.sampled_from(FIELDS), texts, ways, st.sampled_from(("page", "htmx")), st.booleans())
@example("name", "x", Way("POST", "/auth/register"), "page", False)
@example("identifier", "x", Way("POST", "/auth/sign-in"), "htmx", False)
def test_nothing_typed_becomes_a_piece_of_a_page(field, text, way, face, signed_in):
    mira = besieged()
    sender = mira if signed_in else mira.at_another_browser()
    typed = as_form({field: f'<u-1 {text}"<u-2'})

    answer = sender.ask(way.method, way.path("x"), face, data=typed, content_type=FORM)

    assert "<u-" not in answer.text


@given(st.data(), st.sampled_from(("add", "sign in", "prove again")))
def test_no_answer_of_a_device_breaks_anything(data, ceremony):
    """An honest answer with one piece of it changed, in the browser that began."""
    mira = besieged()
    if ceremony == "add":
        another = SoftAuthenticator(origin=ORIGIN)
        path, honest = "/auth/account/passkeys", another.create(mira.begin_passkey())
    elif ceremony == "sign in":
        path, honest = "/auth/sign-in/passkey", mira.key.get(mira.begin_sign_in())
    else:
        path, honest = "/auth/fresh/passkey", mira.key.get(mira.begin_fresh())

    answer = mira.json(path, data.draw(bent(honest)))

    check(answer, "json")
    assert answer.status_code in (200, 201, 400, 401, 409)
