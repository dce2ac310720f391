"""The same pages without JavaScript: everything but the passkey itself."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

PHONE_AND_DESKTOP = pytest.mark.parametrize("width", [360, 1280], ids=["phone", "desktop"])


@pytest.fixture
def visitor(visit):
    return visit(key=None, java_script_enabled=False)


def said_instead(visitor, words):
    """Playwright's search for text passes over <noscript>."""
    said = visitor.page.locator("noscript p")
    expect(said).to_be_visible()
    expect(said).to_contain_text(words)


@PHONE_AND_DESKTOP
def test_a_person_registers_confirms_signs_out_and_in_by_code(visitor, site):
    visitor.goto("/auth/register")
    visitor.page.get_by_label("Username").fill("mira")
    visitor.page.get_by_label("Email").fill("mira@example.com")
    visitor.press("Create account")
    visitor.is_at("/auth/account/passkeys/new")
    said_instead(visitor, "Making a passkey needs JavaScript")
    expect(visitor.passkey_button).to_be_hidden()
    visitor.follow("Later")
    visitor.follow("confirm it")
    visitor.type("Code", site.code.lower().replace("-", " "))
    visitor.press("Confirm")
    visitor.arrive_at_account()
    expect(visitor.toast).to_have_text("Address confirmed")

    visitor.press("Sign out")
    visitor.sees("Welcome back")
    expect(visitor.toast).to_have_text("Signed out")
    site.outbox.clear()
    visitor.press("Email me a sign-in link")
    visitor.sees("Check your email")
    visitor.type("Code", site.code)
    visitor.press("Sign in")
    visitor.arrive_at_account()


def test_the_sign_in_pages_say_why_there_is_no_passkey_button(visitor, mira):
    visitor.goto("/auth/sign-in")
    said_instead(visitor, "Passkeys need JavaScript, which is off")
    expect(visitor.passkey_button).to_be_hidden()
    visitor.type("Email or username", "mira")
    visitor.press("Continue")
    said_instead(visitor, "Passkeys need JavaScript, which is off")
    expect(visitor.passkey_button).to_be_hidden()


def test_by_the_link(visitor, mira, site):
    visitor.ask_mail(first="/notes")
    parts = urlsplit(site.outbox.link)
    visitor.goto(f"{parts.path}?{parts.query}")
    visitor.is_at("/auth/sign-in/email/link")

    visitor.press("Sign in as Mira Okafor")

    visitor.sees("Notes of mira")


def test_a_form_that_is_refused_keeps_what_was_typed_and_has_the_focus(visitor, mira):
    visitor.expects("status of 422")
    visitor.goto("/auth/register")
    visitor.type("Name optional", "Ada")
    visitor.page.get_by_label("Username").fill("MIRA")
    visitor.page.get_by_label("Email").fill("ada@example.com")
    visitor.press("Create account")

    username = visitor.page.get_by_label("Username")
    expect(username).to_have_accessible_description(re.compile("That username is taken."))
    expect(username).to_be_focused()
    expect(visitor.page.get_by_label("Name optional")).to_have_value("Ada")


def test_renaming_and_removing_a_passkey(visitor, mira):
    visitor.sign_in_by_mail()
    visitor.page.get_by_role("link", name=re.compile("^Rename")).click()
    visitor.sees("Rename this passkey")
    visitor.page.get_by_label("Name", exact=True).fill("My phone")
    visitor.press("Save")
    visitor.arrive_at_account()
    expect(visitor.page.get_by_text("My phone")).to_be_visible()
    expect(visitor.toast).to_have_text("Passkey renamed")

    visitor.follow("Remove My phone")

    visitor.sees("Is it still you?")
    said_instead(visitor, "This needs a passkey, and passkeys need JavaScript")


def test_a_reload_after_a_form_never_posts_again(visitor, mira, site):
    visitor.ask_mail()
    posts = site.posts()

    visitor.page.reload()
    visitor.sees("Check your email")
    visitor.page.go_back()
    visitor.page.reload()
    visitor.page.go_forward()

    assert site.posts() == posts


def test_asking_again_at_once_keeps_the_page_and_sends_nothing(visitor, mira, site):
    visitor.ask_mail()
    said = visitor.page.locator(".unlatch-again noscript").inner_text()
    assert re.fullmatch(r"\(in \d+ seconds\)", said)

    visitor.press("Send it again")

    visitor.sees("Check your email")
    assert len(site.outbox.mails) == 1


def test_another_session_is_ended(visitor, visit, mira):
    other = visit()
    other.sign_in(mira)
    visitor.sign_in_by_mail()

    visitor.page.get_by_role("button", name=re.compile("^Sign out .+")).click()

    visitor.arrive_at_account()
    expect(visitor.toast).to_have_text("Signed out there")
    other.device.leave()
    other.page.reload()
    other.sees("Welcome back")
