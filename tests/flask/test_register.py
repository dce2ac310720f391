"""Making an account: what is refused and how it is told, and what follows."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

GOOD = {"name": "Ada", "username": "ada", "email": "ada@example.com"}


def wide(text: str) -> str:
    """In full-width letters, as Japanese keyboards write them."""
    return "".join(chr(ord(one) + 0xFEE0) for one in text)


REFUSED = [
    ("email", "", "Enter your email address."),
    ("email", "   ", "Enter your email address."),
    ("email", "ada", "That address is missing its @."),
    ("email", "ada@example", "That address is missing its ending, like .com."),
    ("email", "ada@", "That address is missing its ending, like .com."),
    ("email", "ada@example..com", "an email address we can send to."),
    ("email", "ada@example.com.", "an email address we can send to."),
    ("email", "a da@example.com", "an email address we can send to."),
    ("email", "ada@example.com\r\nBcc: all@example.com", "an email address we can send to."),
    ("email", "ada@example.com, eve@example.com", "an email address we can send to."),
    ("email", '"ada lovelace"@example.com', "an email address we can send to."),
    ("email", "ada@[192.0.2.1]", "an email address we can send to."),
    ("email", "a" * 300 + "@example.com", "That address is too long."),
    ("username", "", "Choose a username."),
    ("username", "ab", "A username has 3 to 32 characters."),
    ("username", "a" * 33, "A username has 3 to 32 characters."),
    ("username", "a" * 3000, "A username has 3 to 32 characters."),
    ("username", "ada lovelace", "Use letters a to z, digits, and . _ - between them."),
    ("username", "-ada", "Use letters a to z, digits, and . _ - between them."),
    ("username", "ada.", "Use letters a to z, digits, and . _ - between them."),
    ("username", "ada@example.com", "Use letters a to z, digits, and . _ - between them."),
    ("username", "\u0430da", "Use letters a to z, digits, and . _ - between them."),  # Cyrillic a
    ("username", "straße", "Use letters a to z, digits, and . _ - between them."),
    ("name", "A" * 81, "That name is too long. Use at most 80 characters."),
]


@pytest.mark.parametrize(("field", "typed", "words"), REFUSED)
@pytest.mark.parametrize("face", ["page", "htmx"])
def test_a_refused_field_keeps_what_was_typed_and_says_why(
    visitor, read, face, field, typed, words
):
    answer = visitor.form("/auth/register", face, **(GOOD | {field: typed}))

    assert answer.status_code == 422
    shown = read(answer)
    faulty = shown.field(field)
    assert faulty["aria-invalid"] == "true"
    assert f"unlatch-{field}-error" in faulty["aria-describedby"].split()
    assert "autofocus" in faulty
    assert f"unlatch-{field}-error" in shown.ids()
    assert words in answer.text.replace("&#39;", "'")
    for name, value in (GOOD | {field: typed}).items():
        assert shown.field(name)["value"].split() == value.split()
        assert (name == field) == ("aria-invalid" in shown.field(name))


@pytest.mark.parametrize(("field", "typed", "words"), REFUSED)
def test_programs_are_told_which_field_and_why(visitor, field, typed, words):
    answer = visitor.json("/auth/register", GOOD | {field: typed})

    assert (answer.status_code, answer.json["error"]) == (422, "fields_refused")
    assert set(answer.json["fields"]) == {field}
    assert words in answer.json["fields"][field]


def test_all_faulty_fields_are_told_at_once_and_the_first_has_the_focus(visitor, read):
    shown = read(visitor.form("/auth/register", name="A" * 81, username="", email=""))

    for field in ("name", "username", "email"):
        assert shown.field(field)["aria-invalid"] == "true"
    focused = [a["name"] for tag, a in shown.elements if tag == "input" and "autofocus" in a]
    assert focused[0] == "name"


@pytest.mark.parametrize(
    "spelling",
    [
        "mira",
        "MIRA",
        "Mira",
        " mira ",
        wide("mira"),
        wide("MIRA"),
        "ᵐira",
    ],
)
def test_a_username_is_taken_in_every_spelling(mira, visitor, spelling):
    answer = visitor.json("/auth/register", GOOD | {"username": spelling})

    assert answer.status_code == 422
    assert answer.json["fields"] == {"username": "That username is taken. Choose another."}


@pytest.mark.parametrize(
    "spelling",
    [
        "mira@example.com",
        "MIRA@EXAMPLE.COM",
        " Mira@Example.Com ",
        f"mira{wide('@')}example.com",
        f"{wide('m')}ira@{wide('e')}xample.com",
        f"mira@EXAMPLE{wide('.')}com",
    ],
)
def test_an_address_is_taken_in_every_spelling(mira, visitor, spelling):
    answer = visitor.json("/auth/register", GOOD | {"email": spelling})

    assert answer.status_code == 422
    assert answer.json["fields"] == {"email": "That address already has an account."}


def test_letters_that_look_like_plain_ones_are_the_plain_ones(visitor):
    """The Kelvin sign, a ligature: one person holds all of it."""
    first = visitor.json(
        "/auth/register", GOOD | {"username": "\u212aelvin", "email": "o\ufb03ce@example.com"}
    )
    again = visitor.json("/auth/register", {"username": "kelvin", "email": "office@example.com"})

    assert first.status_code == 201
    assert first.json["account"]["username"] == "Kelvin"
    assert first.json["account"]["unconfirmed_email"] == "office@example.com"
    assert again.json["fields"] == {"username": "That username is taken. Choose another."}


def test_a_domain_is_the_same_as_its_a_label(visitor):
    first = visitor.json("/auth/register", GOOD | {"email": "ada@bücher.example.com"})
    again = visitor.json(
        "/auth/register", GOOD | {"username": "eve", "email": "ADA@xn--bcher-kva.example.com"}
    )

    assert first.status_code == 201
    assert again.json["fields"] == {"email": "That address already has an account."}


def test_a_taken_address_leads_to_signing_in_with_it(mira, visitor, read):
    answer = visitor.form("/auth/register", **(GOOD | {"email": "mira@example.com"}))

    (way,) = [
        a["href"]
        for tag, a in read(answer).elements
        if tag == "a" and a["href"].startswith("/auth/sign-in?who=")
    ]
    assert "mira" not in way  # addresses are kept in histories and logs
    assert "mira@example.com" in visitor.get(way).text


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("username", "That username is taken. Choose another."),
        ("email", "That address already has an account."),
    ],
)
def test_of_two_at_once_one_wins_and_the_other_gets_the_same_words(app, visitor, field, words):
    together = Barrier(4)

    def register(number: int):
        person = type(visitor)(app.test_client())
        own = {"username": f"ada{number}", "email": f"ada{number}@example.com"}
        together.wait()
        return person.json("/auth/register", GOOD | own | {field: GOOD[field]})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(register, range(4)))

    assert sorted(one.status_code for one in answers) == [201, 422, 422, 422]
    assert [one.json["fields"] for one in answers if one.status_code == 422] == [{field: words}] * 3


def test_a_registered_person_is_signed_in_and_led_to_a_passkey(visitor, kept):
    answer = visitor.register(name="Mira Okafor")

    assert answer.location == "/auth/account/passkeys/new?first=1"
    assert visitor.method == "registration"
    assert "Later" in visitor.get(answer.location).text
    assert kept.kinds() == ["registered", "signed_in"]


def test_a_name_is_optional(visitor):
    visitor.register(name="")

    assert visitor.session["account"]["name"] == "mira"


def test_a_name_is_one_line_of_letters_that_show(visitor):
    visitor.register(name="  Mira \u202e\u0007\n Okafor\u200b ")

    assert visitor.session["account"]["name"] == "Mira Okafor"


def test_the_way_back_survives_registration(visitor):
    answer = visitor.form("/auth/register", **GOOD, next="/notes")
    assert answer.location == "/auth/account/passkeys/new?next=/notes&first=1"

    first = visitor.json(
        "/auth/account/passkeys?first=1&next=/notes", visitor.key.create(visitor.begin_passkey())
    )

    assert first.json["next"] == "/auth/account/email?welcome=1&next=/notes"
    assert 'href="/notes"' in visitor.get(first.json["next"]).text


def test_programs_are_told_of_the_account_and_where_to_go_on(visitor):
    answer = visitor.json("/auth/register", GOOD)

    assert answer.status_code == 201
    assert answer.json["account"]["username"] == "ada"
    assert answer.json["account"]["email"] is None
    assert answer.json["next"] == "/auth/account/passkeys/new?first=1"


def test_a_closed_site_takes_nobody_new(new_app, visitor):
    app = new_app(UNLATCH_REGISTRATION="closed")
    person = type(visitor)(app.test_client())

    for face in ("page", "htmx"):
        for answer in (
            person.get("/auth/register", face),
            person.form("/auth/register", face, **GOOD),
        ):
            assert answer.status_code == 403
            assert "Registration is closed" in answer.text
            assert "<form" not in answer.text
    told = person.json("/auth/register", GOOD)
    assert (told.status_code, told.json["error"]) == (403, "registration_closed")
    assert "Create an account" not in person.get("/auth/sign-in").text


def test_an_open_site_offers_to_register(visitor):
    assert "Create an account" in visitor.get("/auth/sign-in").text


def test_who_is_signed_in_is_not_asked_to_register(mira):
    assert mira.get("/auth/register").location == "/auth/account"
    assert mira.get("/auth/register?next=/notes").location == "/notes"


def test_a_name_that_nobody_confirmed_for_a_week_is_free_again(clock, mira, visitor, kept):
    old = kept.account()
    clock.move(days=7, seconds=1)

    taken = visitor.json("/auth/register", {"username": "mira", "email": "other@example.com"})

    assert taken.status_code == 201
    assert kept.account().id != old.id
    assert mira.session is None


def test_a_confirmed_name_is_never_free_again(clock, mira, confirm, visitor):
    confirm(mira)
    clock.move(days=3650)

    assert (
        visitor.json("/auth/register", {"username": "mira", "email": "o@example.com"}).status_code
        == 422
    )
