"""The account page: renaming, removing with a fresh proof, and ending sessions."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from playwright.sync_api import expect

PHONE_AND_DESKTOP = pytest.mark.parametrize("width", [360, 1280], ids=["phone", "desktop"])


def later(minutes):
    return time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.fixture
def two_keys(site):
    """Mira with two devices, a passkey on each."""
    return site.register(passkeys=2)


def rows(visitor, section):
    return visitor.page.get_by_role("region", name=section).get_by_role("listitem")


@PHONE_AND_DESKTOP
def test_a_passkey_is_renamed_in_its_place(visitor, mira):
    visitor.sign_in(mira)
    row = rows(visitor, "Passkeys")
    old = row.locator("strong").inner_text()

    with visitor.one_page():
        visitor.follow(f"Rename {old}")
        name = visitor.page.get_by_label("Name", exact=True)
        expect(name).to_be_focused()
        expect(name).to_have_value(old)
        visitor.is_at("/auth/account")
        name.fill("My phone")
        visitor.page.keyboard.press("Enter")
        expect(row).to_contain_text("My phone")
        expect(visitor.toast).to_have_text("Passkey renamed")

    visitor.page.reload()
    expect(row).to_contain_text("My phone")


def test_a_name_that_will_not_do_is_said_beside_its_field(visitor, mira):
    visitor.expects("status of 422")
    visitor.sign_in(mira)
    visitor.page.get_by_role("link", name=re.compile("^Rename")).click()

    visitor.page.get_by_label("Name", exact=True).fill(" ")
    visitor.page.keyboard.press("Enter")

    name = visitor.page.get_by_label("Name", exact=True)
    expect(name).to_have_accessible_description(re.compile("Give it a name."))
    expect(name).to_be_focused()


@PHONE_AND_DESKTOP
def test_removing_a_passkey_asks_if_it_is_still_you_and_goes_on(visitor, mira, site):
    visitor.sign_in(mira)
    with later(minutes=6):
        visitor.page.get_by_role("link", name=re.compile("^Remove")).click()
        visitor.sees("Is it still you?")
        visitor.is_at("/auth/fresh")
        expect(visitor.page.get_by_text("Confirm it's you to remove this passkey.")).to_be_visible()
        expect(visitor.page.get_by_role("button", name="Email me a code")).to_have_count(0)

        visitor.press("Confirm with a passkey")

        visitor.sees(re.compile(r"^Remove “.+”\?$"))
        expect(visitor.page.get_by_role("link", name="Keep it")).to_be_focused()
        visitor.press("Remove this passkey")
        visitor.arrive_at_account()
        expect(visitor.toast).to_have_text("Passkey removed")
        expect(visitor.page.get_by_text("No passkeys yet.")).to_be_visible()
    assert "removed" in site.outbox.to(mira.address)[-1]["Subject"]


def test_a_passkey_that_was_removed_leaves_the_device_too(visitor, two_keys):
    visitor.sign_in(two_keys)
    visitor.page.get_by_role("link", name=re.compile("^Remove")).first.click()

    visitor.press("Remove this passkey")

    visitor.arrive_at_account()
    visitor.until(lambda: visitor.device.forgotten)
    assert visitor.device.passkeys() == []


def test_keeping_it_keeps_it(visitor, mira, site):
    visitor.sign_in(mira)
    visitor.page.get_by_role("link", name=re.compile("^Remove")).click()

    visitor.follow("Keep it")

    visitor.arrive_at_account()
    expect(rows(visitor, "Passkeys")).to_have_count(1)
    assert site.posts() == ["POST /auth/sign-in/passkey"]


def test_another_passkey_wants_a_fresh_proof_too_and_mail_will_do(visitor, mira, site):
    visitor.sign_in(mira)
    visitor.device.drop()
    with later(minutes=6):
        visitor.follow("Add a passkey")
        visitor.sees("Is it still you?")
        expect(visitor.page.get_by_text("Confirm it's you to add a passkey.")).to_be_visible()
        visitor.press("Email me a code")
        visitor.sees("Check your email")
        visitor.type("Code", site.code)
        visitor.press("Confirm it's me")

        visitor.sees("Set up a passkey")
        visitor.press("Create a passkey")
        visitor.arrive_at_account()
        expect(rows(visitor, "Passkeys")).to_have_count(2)


def test_a_page_that_grew_old_asks_for_a_proof_when_its_button_is_pressed(visitor, mira):
    visitor.expects("status of 403")
    visitor.sign_in(mira)
    visitor.goto("/auth/account/passkeys/new")
    with later(minutes=6):
        visitor.press("Create a passkey")

        visitor.sees("Is it still you?")
        visitor.press("Confirm with a passkey")
        visitor.sees("Set up a passkey")


def test_a_host_s_guarded_page_is_gone_on_to(visitor, mira):
    visitor.sign_in(mira)
    with later(minutes=6):
        visitor.goto("/vault")
        visitor.sees("Is it still you?")

        visitor.press("Confirm with a passkey")

        visitor.sees("The vault")


def test_a_proof_that_failed_says_so_and_can_be_cancelled(visitor, mira):
    visitor.sign_in(mira)
    visitor.device.mistake()
    with later(minutes=6):
        visitor.goto("/vault")
        visitor.press("Confirm with a passkey")
        expect(visitor.trouble).to_contain_text("Try again, or have a code mailed to you.")
        expect(visitor.page.get_by_role("button", name="Email me a code")).to_be_focused()

        visitor.follow("Cancel")

        visitor.arrive_at_account()


def test_a_session_is_ended_from_another_browser(visitor, visit, two_keys):
    visitor.sign_in(two_keys)
    other = visit()
    other.sign_in(two_keys, key=1)
    sessions = rows(other, "Where you're signed in")
    expect(sessions).to_have_count(2)
    expect(sessions.first).to_contain_text("this browser")

    with other.one_page():
        sessions.nth(1).get_by_role("button", name=re.compile("^Sign out")).click()
        expect(sessions).to_have_count(1)
        expect(other.toast).to_have_text("Signed out there")

    visitor.device.leave()
    visitor.page.reload()
    visitor.is_at("/auth/sign-in")
    visitor.sees("Welcome back")


@pytest.fixture
def signed_out_elsewhere(visit, two_keys):
    """Ends the first browser's session from a second one."""

    def end():
        other = visit()
        other.sign_in(two_keys, key=1)
        sessions = rows(other, "Where you're signed in")
        sessions.nth(1).get_by_role("button", name=re.compile("^Sign out")).click()
        expect(sessions).to_have_count(1)

    return end


def test_whoever_was_signed_out_elsewhere_signs_in_and_goes_on(
    visitor, two_keys, signed_out_elsewhere
):
    """An htmx request of a page that is still open."""
    visitor.sign_in(two_keys)
    signed_out_elsewhere()

    visitor.follow("Add a passkey")

    visitor.is_at("/auth/sign-in")
    visitor.sees("Welcome back")
    expect(visitor.page.get_by_text("Your session has ended.")).to_be_visible()
    visitor.press("Sign in with a passkey")
    visitor.sees("Set up a passkey")


def test_a_passkey_button_of_a_page_signed_out_elsewhere_leads_to_signing_in(
    visitor, two_keys, signed_out_elsewhere
):
    visitor.expects("status of 401")
    visitor.sign_in(two_keys)
    visitor.goto("/auth/account/passkeys/new")
    signed_out_elsewhere()

    visitor.press("Create a passkey")

    visitor.sees("Welcome back")


def test_signing_out_in_one_tab_signs_out_the_other(visitor, mira):
    visitor.sign_in(mira)
    tab, _ = visitor.another_tab()
    tab.goto("/auth/account")
    tab.get_by_role("button", name="Sign out", exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Welcome back")

    visitor.page.reload()

    visitor.sees("Welcome back")
