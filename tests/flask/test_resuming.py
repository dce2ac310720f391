"""A change that a question came between is taken up without retyping, and by nobody else."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest

ADDRESS = "/auth/account/email"
NEW = "mira.okafor@example.com"


@pytest.fixture
def interrupt(mira, clock):
    """`interrupt(face, …)`: Mira's new address comes when she has to prove again first; gives
    the page that it is taken up at.
    """

    def post(face="page", email=NEW, **fields):
        clock.move(minutes=6)
        answer = mira.form(ADDRESS, face, email=email, **fields)
        asked = answer.headers["HX-Redirect" if face == "htmx" else "Location"]
        assert urlsplit(asked).path == "/auth/fresh"
        assert "to change your address" in mira.get(asked).text
        [taken_up] = parse_qs(urlsplit(asked).query)["next"]
        return taken_up

    return post


def shown(person, read, taken_up):
    """What the page has in its field for the new address."""
    return read(person.get(taken_up)).field("email")["value"]


@pytest.mark.parametrize("face", ["page", "htmx"])
def test_a_corrected_address_is_there_again_after_the_proof(mira, interrupt, read, outbox, face):
    taken_up = mira.prove_again(quote(interrupt(face))).json["next"]

    page = mira.get(taken_up)

    assert read(page).field("email")["value"] == NEW
    assert "autofocus" in read(page).field("email")
    assert "<details open>" in page.text
    mira.form(ADDRESS, email=read(page).field("email")["value"])
    assert outbox.last["To"] == NEW


def test_it_is_never_in_the_address_in_clear(interrupt):
    taken_up = interrupt()

    assert "okafor" not in taken_up
    assert "%40" not in taken_up


def test_the_way_beyond_is_kept_too(mira, interrupt):
    taken_up = interrupt(next="/members")

    assert 'name="next" value="/members"' in mira.get(taken_up).text


@pytest.mark.parametrize("whose", ["another's", "another session of hers", "nobody's"])
def test_what_one_session_typed_no_other_is_shown(mira, noah, visitor, interrupt, read, whose):
    """Whoever is sent such an address must not find a stranger's words in a form of theirs."""
    taken_up = interrupt()
    other = mira.at_another_browser()
    other.sign_in()

    if whose == "nobody's":
        assert visitor.get(taken_up).status_code == 303
    else:
        assert shown(noah if whose == "another's" else other, read, taken_up) == ""


def test_after_a_quarter_of_an_hour_it_is_forgotten(mira, interrupt, read, clock):
    taken_up = interrupt()
    clock.move(minutes=14)
    assert shown(mira, read, taken_up) == NEW
    clock.move(minutes=1)

    assert shown(mira, read, taken_up) == ""


@pytest.mark.parametrize("carried", ["", "rubbish", "A" * 200, "%00", "é"])
def test_rubbish_in_its_place_is_no_failure(mira, read, carried):
    assert shown(mira, read, f"{ADDRESS}?typed={carried}") == ""


def test_what_was_sealed_for_one_page_opens_on_no_other(mira, visitor, read):
    """An identifier that was typed to sign in is no address somebody wanted."""
    to = visitor.form("/auth/sign-in", identifier="eve@example.com").location
    [who] = parse_qs(urlsplit(to).query)["who"]

    assert shown(mira, read, f"{ADDRESS}?typed={who}") == ""


def test_what_is_far_too_long_is_left_out(mira, interrupt, read):
    taken_up = interrupt(email="x" * 3000 + "@example.com")

    assert taken_up == ADDRESS
    assert shown(mira, read, taken_up) == ""


def test_a_program_keeps_what_it_sent(mira, clock):
    clock.move(minutes=6)

    told = mira.json(ADDRESS, {"email": NEW})

    assert (told.status_code, told.json["next"]) == (403, f"/auth/fresh?next={ADDRESS}")


def test_a_code_is_carried_nowhere(visitor, outbox):
    """It is a secret; and asking again is no matter."""
    visitor.register()
    visitor.drop_cookie("unlatch-80")

    answer = visitor.form(f"{ADDRESS}/code", code=outbox.code)

    assert answer.location == f"/auth/sign-in?next={ADDRESS}"


def test_setting_up_a_first_passkey_is_taken_up_as_it_was(mira, clock, read):
    """Its page was left open too long, and knows where to go afterwards."""
    page = read(mira.get("/auth/account/passkeys/new?first=1&next=/notes"))
    [options] = [a["data-options"] for _, a in page.elements if "data-options" in a]
    clock.move(minutes=6)

    told = mira.json(options)

    assert told.status_code == 403
    [taken_up] = parse_qs(urlsplit(told.json["next"]).query)["next"]
    assert taken_up == "/auth/account/passkeys/new?first=1&next=/notes"
    assert mira.prove_again(quote(taken_up)).json["next"] == taken_up


def test_a_removal_leads_to_its_question(mira, clock, confirm):
    confirm(mira)
    removal = f"/auth/account/passkeys/{mira.passkeys()[0]['id']}/remove"
    clock.move(minutes=6)
    assert mira.form(removal).location == f"/auth/fresh?next={removal}"

    to = mira.prove_again(removal).json["next"]

    assert "Remove “" in mira.get(to).text
    assert len(mira.passkeys()) == 1


def test_a_host_s_own_form_is_not_sent_again(mira, clock):
    """Its way back is nobody's to guess; a host guards the page of the form as well."""
    clock.move(minutes=6)

    assert mira.form("/vault").location == "/auth/fresh"
    assert mira.prove_again().json["next"] == "/auth/account"
    assert mira.form("/vault").status_code == 200
