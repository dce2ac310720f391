"""Making an account and its first passkey; the address proved by a code."""

import re

import pytest
from playwright.sync_api import expect

PHONE_AND_DESKTOP = pytest.mark.parametrize("width", [360, 1280], ids=["phone", "desktop"])


@pytest.fixture
def registers(visitor):
    """`registers(username=…)`: fills the form and sends it."""

    def register(name="Mira Okafor", username="mira", email="mira@example.com"):
        visitor.goto("/auth/register")
        visitor.type("Name optional", name)
        visitor.page.get_by_label("Username").fill(username)
        visitor.page.get_by_label("Email").fill(email)
        visitor.press("Create account")

    return register


@PHONE_AND_DESKTOP
def test_a_person_registers_makes_a_passkey_and_confirms_without_a_page_load(
    visitor, site, registers
):
    visitor.goto("/auth/register")
    with visitor.one_page():
        visitor.type("Name optional", "Mira Okafor")
        visitor.page.get_by_label("Username").fill("mira")
        visitor.page.get_by_label("Email").fill("mira@example.com")
        visitor.press("Create account")
        visitor.sees("Set up a passkey")
        visitor.is_at("/auth/account/passkeys/new")
        expect(visitor.passkey_button).to_be_visible()

        visitor.press("Create a passkey")
        visitor.sees("You're all set")
        visitor.is_at("/auth/account/email")
        expect(visitor.page.get_by_text("We sent a code to mira@example.com")).to_be_visible()

    assert len(visitor.device.passkeys()) == 1
    visitor.type("Code", site.code)
    visitor.press("Confirm")

    visitor.arrive_at_account()
    expect(visitor.toast).to_have_text("Address confirmed")
    expect(visitor.page.get_by_text("confirmed", exact=True)).to_be_visible()


def test_the_address_can_be_confirmed_later(visitor, registers):
    registers()
    visitor.press("Create a passkey")
    visitor.sees("You're all set")

    visitor.follow("Later")

    visitor.arrive_at_account()
    expect(visitor.page.get_by_text("not confirmed")).to_be_visible()
    visitor.follow("confirm it")
    visitor.sees("Confirm your address")
    expect(visitor.page.get_by_label("Code")).to_be_focused()


def test_a_passkey_can_be_made_later(visitor, registers):
    registers()
    visitor.sees("Set up a passkey")

    visitor.follow("Later")

    visitor.arrive_at_account()
    expect(visitor.page.get_by_text("No passkeys yet.")).to_be_visible()
    assert visitor.device.passkeys() == []


def test_next_is_gone_to_when_all_is_set(visitor, site):
    visitor.goto("/auth/register?next=/notes")
    visitor.page.get_by_label("Username").fill("mira")
    visitor.page.get_by_label("Email").fill("mira@example.com")
    visitor.press("Create account")
    visitor.press("Create a passkey")
    visitor.sees("You're all set")

    visitor.follow("Later")

    visitor.sees("Notes of mira")


def test_all_set_goes_on_by_itself_where_nothing_is_left_to_do(visitor, site, registers):
    visitor.page.clock.install()
    registers()
    visitor.sees("Set up a passkey")
    other = visitor.context.new_page()
    other.goto("/auth/account/email")
    other.get_by_label("Code").fill(site.code)
    other.get_by_role("button", name="Confirm").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Your account")

    visitor.press("Create a passkey")
    visitor.sees("You're all set")
    expect(visitor.page.get_by_role("link", name="Continue")).to_be_focused()
    visitor.page.clock.fast_forward(2000)

    visitor.arrive_at_account()


def test_a_wrong_address_is_corrected_and_the_new_one_is_mailed(visitor, site, registers):
    registers(email="mira@exmaple.com")
    visitor.press("Create a passkey")
    visitor.sees("You're all set")

    visitor.page.get_by_text("Wrong address?").click()
    visitor.type("Your email", "mira@example.com")
    visitor.press("Use this address")

    expect(visitor.page.get_by_text("We sent a code to mira@example.com")).to_be_visible()
    assert len(site.outbox.to("mira@example.com")) == 1


@pytest.mark.parametrize(
    ("typed", "faulty", "words"),
    [
        ({"email": ""}, "Email", "Enter your email address."),
        ({"email": "mira"}, "Email", "That address is missing its @."),
        ({"username": "mi"}, "Username", "A username has 3 to 32 characters."),
        ({"username": "mira okafor"}, "Username", "Use letters a to z, digits, and . _ -"),
        ({"username": "", "email": ""}, "Username", "Choose a username."),
        ({"username": "MIRA"}, "Username", "That username is taken. Choose another."),
        ({"email": "Mira@Example.com"}, "Email", "That address already has an account."),
    ],
)
def test_a_refusal_stands_beside_its_field_and_has_the_focus(
    visitor, mira, registers, typed, faulty, words
):
    visitor.expects("status of 422")
    new = {"name": "Ada", "username": "ada", "email": "ada@example.com"} | typed

    registers(**new)

    field = visitor.page.get_by_label(faulty)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(words)))
    expect(visitor.page.get_by_label("Name", exact=False).first).to_have_value("Ada")
    expect(field).to_have_value(new[faulty.lower()])


def test_a_taken_address_leads_to_signing_in_with_it(visitor, mira, registers):
    visitor.expects("status of 422")
    registers(username="other", email=mira.address)

    visitor.page.locator(".unlatch-error").get_by_role("link", name="Sign in instead").click()

    visitor.is_at("/auth/sign-in")
    expect(visitor.page.get_by_text(mira.address)).to_be_visible()
    expect(visitor.passkey_button).to_be_visible()


def test_registration_can_be_closed(visit, start_site):
    visitor = visit(start_site(UNLATCH_REGISTRATION="closed"))
    visitor.expects("status of 403")
    visitor.goto("/auth/sign-in")
    expect(visitor.page.get_by_text("Create an account")).to_have_count(0)

    visitor.goto("/auth/register")

    visitor.sees("Registration is closed")
    visitor.follow("Sign in")
    visitor.sees("Sign in")
