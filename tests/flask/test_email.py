"""Signing in by mail over HTTP: the link, the code, and the browsers they do not work in."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import pytest

from unlatch.core.secrets import CODE_ALPHABET, CODE_LENGTH
from unlatch.testing import Outbox

LINK = "/auth/sign-in/email/link"
CODE = "/auth/sign-in/email/code"
WRONG = "ABCD-EFGH"


def headers_of(answer) -> dict[str, str]:
    """Without what is random: cookies by name, life and length."""
    return {
        name: re.sub(r"=([\w-]{20,})", lambda value: f"={len(value[1])} characters", value)
        for name, value in answer.headers.items()
    }


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def gone(answer) -> bool:
    return answer.status_code == 401 and "no longer works" in answer.text


# --- The code


def test_a_new_browser_signs_in_by_the_code(mira, visitor, outbox):
    asked = visitor.ask_mail("MIRA@example.com")
    assert (asked.status_code, asked.location) == (303, "/auth/sign-in/email")
    assert "MIRA@example.com" in visitor.get(asked.location).text

    done = visitor.type_code(outbox.code)

    assert (done.status_code, done.location) == (303, "/auth/account")
    assert visitor.method == "email"


@pytest.mark.parametrize(
    "dash", ["", " ", "-", "\u2010", "\u2011", "\u2013", "\u2014", "\u00ad", "\u200b"]
)
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_code_is_taken_with_any_dash_in_any_case(mira, visitor, outbox, dash, case):
    visitor.ask_mail()

    assert visitor.type_code(case(outbox.code.replace("-", dash))).status_code == 303


def test_programs_sign_in_by_the_code(mira, visitor, outbox):
    asked = visitor.json("/auth/sign-in/email", {"identifier": "mira", "next": "/notes"})
    assert asked.json == {"sent": True, "expires_in": 600}

    done = visitor.json(CODE, {"code": outbox.code})

    assert (done.status_code, done.json) == (200, {"next": "/notes"})
    assert visitor.method == "email"


def test_htmx_signs_in_by_the_code(mira, visitor, outbox):
    visitor.ask_mail()
    done = visitor.form(CODE, "htmx", code=outbox.code)

    assert (done.status_code, done.headers["HX-Redirect"]) == (200, "/auth/account")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter the code from the mail."),
        ("ABCD", "A code has 8 letters and digits, like WDJB-KMHT."),
        ("ABCD-EFG0", "A code has 8 letters and digits, like WDJB-KMHT."),
        ("x" * 1000, "A code has 8 letters and digits, like WDJB-KMHT."),
    ],
)
def test_what_cannot_be_a_code_costs_no_try(mira, visitor, outbox, read, typed, words):
    visitor.ask_mail()
    for _ in range(6):
        answer = visitor.type_code(typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert read(answer).field("code")["aria-invalid"] == "true"

    assert visitor.type_code(outbox.code).status_code == 303


def test_five_wrong_codes_and_the_right_one_is_dead_too(mira, visitor, outbox):
    visitor.ask_mail()
    answers = [visitor.type_code(WRONG) for _ in range(5)]

    assert [one.status_code for one in answers] == [401] * 5
    assert "You have 4 tries left." in answers[0].text
    assert "You have 1 try left." in answers[3].text
    assert "it was the last try" in answers[4].text
    assert gone(visitor.type_code(outbox.code))
    assert gone(visitor.open_link(outbox.link))
    assert visitor.method is None


def test_programs_are_told_the_tries_left(mira, visitor, outbox):
    visitor.ask_mail()

    answer = visitor.json(CODE, {"code": WRONG})

    assert (answer.status_code, answer.json["error"]) == (401, "wrong_code")
    assert answer.json["tries_left"] == 4


def test_five_tries_are_five_however_many_arrive_together(app, mira, visitor, outbox):
    visitor.ask_mail()
    together = Barrier(8)

    def guess(_):
        twin = visitor.at_another_browser().with_cookies_of(visitor)
        together.wait()
        return twin.json(CODE, {"code": WRONG})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(8)))

    tried = [one.json["tries_left"] for one in answers if one.json["error"] == "wrong_code"]
    assert sorted(tried) == [0, 1, 2, 3, 4]
    assert gone(visitor.type_code(outbox.code))


def test_one_code_makes_one_session_however_many_arrive_together(mira, visitor, outbox, kept):
    visitor.ask_mail()
    together = Barrier(4)

    def type_it(spelling: str):
        twin = visitor.at_another_browser().with_cookies_of(visitor)
        together.wait()
        return twin.json(CODE, {"code": spelling}).status_code

    code = outbox.code
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(
            pool.map(type_it, [code, code.lower(), code.replace("-", ""), f" {code}"])
        )

    assert statuses == [200, 401, 401, 401]
    assert [one.facts.get("method") for one in kept.events() if one.kind == "signed_in"].count(
        "email"
    ) == 1


def test_a_code_works_once(mira, visitor, outbox):
    visitor.ask_mail()
    assert visitor.type_code(outbox.code).status_code == 303
    visitor.sign_out()

    assert gone(visitor.type_code(outbox.code))


# --- The link


def test_a_new_browser_signs_in_by_the_link_and_its_button(mira, confirm, visitor, outbox):
    confirm(mira)
    visitor.ask_mail()
    opened = visitor.open_link(outbox.link)
    assert (opened.status_code, opened.location) == (303, LINK)
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    page = visitor.get(opened.location)
    assert "Sign in as Mira Okafor" in page.text
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert visitor.method is None

    done = visitor.form(LINK)

    assert (done.status_code, done.location) == (303, "/auth/account")
    assert visitor.method == "email"
    assert "unlatch-80-link" not in visitor.cookies


def test_programs_sign_in_by_the_link(mira, visitor, outbox):
    visitor.ask_mail()

    opened = visitor.get(path_of(outbox.link), "json")
    done = visitor.json(LINK)

    assert opened.json == {"next": LINK}
    assert done.json == {"next": "/auth/account"}


def test_the_token_leaves_the_address_at_once(mira, visitor, outbox):
    visitor.ask_mail()
    token = parse_qs(urlsplit(outbox.link).query)["token"][0]

    opened = visitor.open_link(outbox.link)

    assert token not in opened.location
    assert token not in opened.text
    assert token not in visitor.get(opened.location).text
    assert token not in str(opened.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_spends_nothing(mira, visitor, outbox, method):
    """Mail scanners click, in the right browser too."""
    visitor.ask_mail()
    for _ in range(7):
        assert visitor.ask(method, path_of(outbox.link)).status_code == 303
        assert visitor.ask(method, LINK).status_code == 200
    assert visitor.method is None

    assert visitor.form(LINK).status_code == 303


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_elsewhere_a_link_says_where_to_go_and_spends_nothing(mira, visitor, outbox, method):
    elsewhere = visitor.at_another_browser()
    visitor.ask_mail()
    for _ in range(7):
        answer = elsewhere.ask(method, path_of(outbox.link))
        assert answer.status_code == 200
        assert not answer.headers.getlist("Set-Cookie")

    page = elsewhere.open_link(outbox.link)
    assert "Open this on the device where you started" in page.text
    assert gone(elsewhere.form(LINK))
    assert elsewhere.get(path_of(outbox.link), "json").json["error"] == "elsewhere"
    visitor.open_link(outbox.link)
    assert visitor.form(LINK).status_code == 303


def test_another_browser_that_also_asked_cannot_use_the_link(mira, visitor, outbox):
    """Its binding is a different one."""
    visitor.ask_mail()
    link = outbox.link
    elsewhere = visitor.at_another_browser()
    elsewhere.ask_mail()

    assert "where you started" in elsewhere.open_link(link).text


def test_a_link_works_once(mira, visitor, outbox):
    visitor.ask_mail()
    visitor.open_link(outbox.link)
    cookies = visitor.cookies
    assert visitor.form(LINK).status_code == 303
    visitor.sign_out()
    for name, value in cookies.items():
        visitor.set_cookie(name, value)

    assert gone(visitor.form(LINK))
    assert gone(visitor.open_link(outbox.link))


def test_the_code_of_a_mail_is_dead_with_its_link(mira, visitor, outbox):
    visitor.ask_mail()
    visitor.open_link(outbox.link)
    visitor.form(LINK)
    visitor.sign_out()

    assert gone(visitor.type_code(outbox.code))


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: "",
        lambda token: "x",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[::-1],
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "E"),
        lambda token: "A" * len(token),
        lambda token: token + "=",
        lambda token: "é" * 86,
        lambda token: "x" * 5000,
    ],
)
def test_a_damaged_link_is_gone_and_costs_no_try(mira, visitor, outbox, damage):
    visitor.ask_mail()
    token = parse_qs(urlsplit(outbox.link).query)["token"][0]

    for _ in range(6):
        answer = visitor.get(f"{LINK}?token={damage(token)}")
        assert gone(answer)
        assert "Email me a new one" in answer.text

    assert visitor.type_code(outbox.code).status_code == 303


@pytest.mark.parametrize("way", ["link", "code"])
def test_what_is_gone_leads_to_a_new_one(mira, visitor, outbox, clock, read, way):
    visitor.ask_mail("mira")
    clock.move(minutes=11)

    answer = visitor.open_link(outbox.link) if way == "link" else visitor.type_code(outbox.code)

    assert f"This {way} no longer works" in answer.text
    assert "Email me a new one" in answer.text
    (form,) = read(answer).actions()
    visitor.form(form, identifier=read(answer).field("identifier")["value"])
    assert visitor.type_code(outbox.code).status_code == 303


# --- Time, replacement, purposes


@pytest.mark.parametrize(("minutes", "works"), [(0, True), (9.99, True), (10, False), (14, False)])
@pytest.mark.parametrize("way", ["code", "link"])
def test_a_mail_is_good_for_ten_minutes(mira, visitor, outbox, clock, minutes, works, way):
    visitor.ask_mail()
    visitor.open_link(outbox.link)
    clock.move(minutes=minutes)

    answer = visitor.type_code(outbox.code) if way == "code" else visitor.form(LINK)

    assert (answer.status_code == 303) is works
    assert gone(answer) is not works


def test_a_newer_mail_kills_the_older_of_the_same_browser(mira, visitor, outbox, clock):
    visitor.ask_mail()
    link, code = outbox.link, outbox.code
    clock.move(minutes=1)
    visitor.ask_mail()

    answer = visitor.open_link(link)

    assert gone(answer)
    assert "A newer mail was sent since" in answer.text
    assert visitor.type_code(code).status_code == 401
    assert visitor.type_code(outbox.code).status_code == 303


def test_a_mail_asked_elsewhere_kills_nothing_here(mira, visitor, outbox):
    """Else anybody could keep somebody out by asking all day."""
    visitor.ask_mail()
    code = outbox.code
    visitor.at_another_browser().ask_mail()

    assert visitor.type_code(code).status_code == 303


def test_a_mail_for_one_purpose_kills_none_for_another(mira, outbox):
    mira.form("/auth/fresh/email")
    fresh = outbox.code
    mira.ask_mail()  # in another tab

    assert mira.form("/auth/fresh/email/code", code=fresh).status_code == 303


def test_secrets_never_cross_purposes(outbox, mira, links):
    """A code or link to confirm signs nobody in, and the other way round."""
    (confirm,) = links("mira@example.com")
    token = parse_qs(urlsplit(confirm).query)["token"][0]
    mira.ask_mail()
    sign_in = parse_qs(urlsplit(outbox.link).query)["token"][0]
    code = outbox.code

    assert gone(mira.get(f"{LINK}?token={token}"))
    assert gone(mira.get(f"/auth/account/email/link?token={sign_in}"))
    assert mira.form("/auth/account/email/code", code=code).status_code == 401
    mira.form("/auth/fresh/email")
    assert mira.form("/auth/fresh/email/code", code=code).status_code == 401
    assert mira.type_code(outbox.code).status_code == 401


def test_a_sign_in_by_passkey_kills_what_was_mailed(mira, confirm, visitor, outbox):
    """Whoever reads the mailbox later finds nothing that works."""
    confirm(mira)
    visitor.ask_mail()
    mira.sign_out()
    mira.sign_in()

    assert visitor.type_code(outbox.code).status_code == 401
    assert visitor.method is None


def test_a_sign_in_by_mail_kills_what_else_was_mailed(mira, visitor, outbox):
    visitor.ask_mail()
    code = outbox.code
    elsewhere = visitor.at_another_browser()
    elsewhere.ask_mail()
    elsewhere.type_code(outbox.code)

    assert visitor.type_code(code).status_code == 401
    assert visitor.method is None


def test_a_browser_of_ones_own_is_told_that_its_mail_is_dead(mira, confirm, outbox):
    """Any other would learn that somebody has signed in."""
    confirm(mira)
    mira.sign_in()
    mira.sign_out()
    mira.ask_mail()
    mira.at_another_browser().sign_in()

    assert gone(mira.type_code(outbox.code))


def test_a_disabled_account_opens_for_no_mail(mira, visitor, outbox, kept):
    visitor.ask_mail()
    visitor.open_link(outbox.link)
    with kept.stores.unit() as unit:
        unit.accounts.disable(kept.account().id, now=1)

    assert gone(visitor.form(LINK))
    assert visitor.type_code(outbox.code).status_code == 401
    assert visitor.method is None


# --- Asking


@pytest.mark.parametrize("face", ["page", "htmx", "json"])
def test_known_and_unknown_get_the_same_answer(mira, visitor, outbox, face):
    elsewhere = visitor.at_another_browser()

    known = ask(visitor, face, "mira@example.com")
    unknown = ask(elsewhere, face, "nobo@example.com")

    assert known.status_code == unknown.status_code
    assert headers_of(known) == headers_of(unknown)
    assert known.text == unknown.text.replace("nobo@", "mira@")
    assert len(outbox.to("mira@example.com")) == 1
    assert outbox.to("nobo@example.com") == []
    page, other = visitor.get("/auth/sign-in/email"), elsewhere.get("/auth/sign-in/email")
    assert page.text == other.text.replace("nobo@", "mira@")


def ask(person, face: str, identifier: str):
    if face == "json":
        return person.json("/auth/sign-in/email", {"identifier": identifier})
    return person.form("/auth/sign-in/email", face, identifier=identifier)


def test_a_wrong_code_reads_the_same_for_known_and_unknown(mira, visitor, outbox):
    elsewhere = visitor.at_another_browser()
    visitor.ask_mail("mira@example.com")
    elsewhere.ask_mail("nobo@example.com")

    for _ in range(6):
        known, unknown = visitor.type_code(WRONG), elsewhere.type_code(WRONG)
        assert known.status_code == unknown.status_code
        # The sealed identifier, on the page of a mail that is gone, is random.
        plain = re.compile(r"who=[\w-]+")
        assert plain.sub("", known.text) == plain.sub("", unknown.text.replace("nobo@", "mira@"))


def test_choosing_a_method_reads_the_same_for_known_and_unknown(mira, visitor):
    elsewhere = visitor.at_another_browser()

    known = visitor.form("/auth/sign-in", "htmx", identifier="mira")
    unknown = elsewhere.form("/auth/sign-in", "htmx", identifier="nobo")

    assert known.text == unknown.text.replace("nobo", "mira").replace(">N<", ">M<")
    assert len(known.headers["HX-Push-Url"]) == len(unknown.headers["HX-Push-Url"])


def test_asking_twice_sends_one_mail_and_shows_its_page(mira, visitor, outbox, clock):
    visitor.ask_mail()
    clock.move(seconds=58)
    count = len(outbox.mails)

    again = visitor.ask_mail()

    assert (again.status_code, again.location) == (303, "/auth/sign-in/email")
    assert len(outbox.mails) == count
    clock.move(seconds=3)
    visitor.ask_mail()
    assert len(outbox.mails) == count + 1


def test_programs_are_told_when_to_ask_again(mira, visitor, outbox, clock):
    visitor.ask_mail()
    clock.move(seconds=20)

    again = visitor.json("/auth/sign-in/email", {"identifier": "mira"})

    assert (again.status_code, again.json["error"]) == (429, "too_soon")
    assert 39 <= again.json["retry_after"] <= 40
    assert again.headers["Retry-After"] == str(again.json["retry_after"])


def test_asking_for_somebody_else_at_once_is_told_with_the_time(mira, noah, visitor, outbox):
    visitor.ask_mail("mira")

    answer = visitor.ask_mail("noah")

    assert answer.status_code == 429
    assert "Try again in" in answer.text
    assert int(answer.headers["Retry-After"]) <= 60


def test_the_page_counts_down_to_asking_again(mira, visitor, outbox, clock, read):
    visitor.ask_mail()
    clock.move(seconds=30)

    (wait,) = [
        a["data-wait"]
        for _, a in read(visitor.get("/auth/sign-in/email")).elements
        if "data-wait" in a
    ]

    assert 29 <= int(wait) <= 30
    clock.move(seconds=31)
    assert "data-wait" not in visitor.get("/auth/sign-in/email").text


def test_the_code_page_survives_a_reload_for_a_quarter_of_an_hour(mira, visitor, outbox, clock):
    visitor.ask_mail()
    first = visitor.get("/auth/sign-in/email")
    assert "It works for 10 minutes" in first.text
    clock.move(minutes=8)
    assert "It works for 2 minutes" in visitor.get("/auth/sign-in/email").text
    clock.move(minutes=7)

    assert visitor.get("/auth/sign-in/email").location == "/auth/sign-in"


def test_a_browser_that_lost_its_binding_begins_again(mira, visitor, outbox):
    visitor.ask_mail()
    visitor.drop_cookie("unlatch-80-mail")

    assert visitor.get("/auth/sign-in/email").location == "/auth/sign-in"
    assert visitor.type_code(outbox.code).status_code == 401
    assert visitor.type_code("").status_code == 401
    assert "where you started" in visitor.open_link(outbox.link).text
    visitor.ask_mail()
    assert visitor.type_code(outbox.code).status_code == 303


def test_the_remembered_account_is_mailed_without_its_name_being_typed(mira, outbox, read):
    mira.sign_out()

    asked = mira.form("/auth/sign-in/email")

    assert asked.status_code == 303
    assert "<strong>mira</strong>" in mira.get(asked.location).text
    assert "mira@example.com" not in mira.get(asked.location).text
    assert mira.type_code(outbox.code).status_code == 303


def test_without_a_name_there_is_nobody_to_mail(visitor):
    answer = visitor.json("/auth/sign-in/email")

    assert answer.status_code == 422
    assert answer.json["fields"] == {"identifier": "Enter your email or username."}


def test_who_last_came_by_mail_is_offered_mail_first(mira, visitor, outbox):
    visitor.ask_mail()
    visitor.type_code(outbox.code)
    visitor.sign_out()

    text = visitor.get("/auth/sign-in").text

    assert text.index("Email me a sign-in link") < text.index("Sign in with a passkey")


def test_after_a_sign_in_by_mail_a_passkey_is_offered_until_one_is_there(
    mira, visitor, outbox, clock
):
    visitor.ask_mail()
    visitor.type_code(outbox.code)
    offer = "Set up a passkey on this device"
    assert offer in visitor.get("/auth/account").text
    assert offer not in mira.get("/auth/account").text

    clock.move(seconds=1)
    visitor.add_passkey()

    assert offer not in visitor.get("/auth/account").text


# --- What the mail says, and to whom


def test_the_mail_goes_to_the_address_that_is_kept(mira, visitor, outbox):
    """Not to what was typed, though it found the account."""
    visitor.ask_mail("MIRA@EXAMPLE.COM")

    assert outbox.last["To"] == "mira@example.com"


def test_the_link_leads_to_the_configured_site_whatever_host_was_asked(new_app, mira):
    app = new_app(UNLATCH_ORIGIN="https://example.com,https://www.example.com")
    outbox = Outbox(app)
    person = type(mira)(app.test_client(), site="https://www.example.com")
    person.register()

    assert outbox.link.startswith("https://example.com/auth/account/email/link?token=")


def test_a_code_is_eight_readable_letters(mira, visitor, outbox):
    visitor.ask_mail()

    assert re.fullmatch(f"[{CODE_ALPHABET}]{{4}}-[{CODE_ALPHABET}]{{4}}", outbox.code)
    assert len(CODE_ALPHABET) ** CODE_LENGTH == 2**40


def test_no_secret_of_a_mail_is_kept(mira, visitor, outbox, app):
    """Neither in the database's files nor in a cookie."""
    visitor.ask_mail()
    token = parse_qs(urlsplit(outbox.link).query)["token"][0]
    code = outbox.code.replace("-", "")
    app.extensions["unlatch"].stores.close()  # all is in the file then

    for file in app.extensions["unlatch"].folder.glob("unlatch.sqlite*"):
        held = file.read_bytes() if file.is_file() else b""
        assert code.encode() not in held
        assert token.encode() not in held
    assert all(code not in one and token not in one for one in visitor.cookies.values())


def test_a_request_never_waits_for_the_mail(mira, visitor, app):
    """It writes one row; who sends is somebody else."""
    asked = visitor.ask_mail()

    assert asked.status_code == 303
    assert app.extensions["unlatch"].sender.worker == "external"


def test_a_code_that_nobody_sent_yet_is_wrong_like_any_other(mira, visitor):
    visitor.ask_mail()

    assert visitor.type_code(WRONG).status_code == 401
