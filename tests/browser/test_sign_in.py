"""Signing in with a passkey: by autofill, by name, by the button, again, and in two tabs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from playwright.sync_api import expect

PHONE_AND_DESKTOP = pytest.mark.parametrize("width", [360, 1280], ids=["phone", "desktop"])
TEN_MINUTES = timedelta(minutes=10)

BY_AUTOFILL = ["POST /auth/sign-in/passkey"]
BY_BUTTON = ["POST /auth/sign-in/passkey/options", "POST /auth/sign-in/passkey"]


@PHONE_AND_DESKTOP
def test_autofill_signs_in_without_a_word(visitor, mira):
    visitor.device.hold(*mira.keys)

    visitor.goto("/auth/sign-in")

    visitor.arrive_at_account()
    assert visitor.site.posts() == BY_AUTOFILL


@PHONE_AND_DESKTOP
def test_the_button_needs_no_name_and_is_not_kept_by_a_waiting_autofill(visitor, mira):
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()

    visitor.device.touch()
    visitor.press("Sign in with a passkey")

    visitor.arrive_at_account()
    assert visitor.site.posts() == BY_BUTTON


@PHONE_AND_DESKTOP
@pytest.mark.parametrize("spelling", ["mira", "MIRA@Example.com"])
def test_by_name_first_who_then_how_and_no_page_is_loaded_between(visitor, mira, spelling):
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()

    with visitor.one_page():
        visitor.type("Email or username", spelling)
        visitor.press("Continue")
        expect(visitor.page.get_by_text(spelling)).to_be_visible()
        expect(visitor.passkey_button).to_be_focused()
        visitor.device.touch()

    visitor.press("Sign in with a passkey")
    visitor.arrive_at_account()


def test_nobody_of_that_name_is_told_what_somebody_is_whose_passkey_is_elsewhere(
    visitor, mira, site
):
    """The device holds neither the decoys of the one nor the passkey of the other."""
    site.register("noah", address="noah@example.com")
    visitor.device.hold(*mira.keys)
    visitor.device.leave()

    for name in ("nobody@example.com", "noah@example.com"):
        visitor.goto("/auth/sign-in")
        visitor.type("Email or username", name)
        visitor.press("Continue")
        expect(visitor.page.get_by_text(name)).to_be_visible()
        visitor.device.touch()
        visitor.press("Sign in with a passkey")
        expect(visitor.trouble).to_contain_text("No passkey answered on this device.")
        visitor.device.leave()

    assert visitor.device.forgotten == []


@PHONE_AND_DESKTOP
def test_the_next_time_this_browser_knows_who_it_is(visitor, mira):
    visitor.sign_in(mira)
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    expect(visitor.toast).to_have_text("Signed out")
    expect(visitor.page.get_by_text("Mira Okafor")).to_be_visible()
    expect(visitor.page.get_by_label("Email or username")).to_have_count(0)
    assert "mira" not in visitor.page.url

    visitor.press("Sign in with a passkey")

    visitor.arrive_at_account()


def test_use_another_account_forgets_who_it_was(visitor, mira):
    visitor.sign_in(mira)
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    visitor.device.leave()

    with visitor.one_page():
        visitor.press("Not you? Use another account")
        visitor.sees("Sign in")
        expect(visitor.page.get_by_label("Email or username")).to_be_focused()

    visitor.page.reload()
    visitor.sees("Sign in")
    expect(visitor.page.get_by_text("Mira Okafor")).to_have_count(0)


def test_autofill_waits_in_a_field_that_was_swapped_in(visitor, mira):
    visitor.sign_in(mira)
    visitor.press("Sign out")

    visitor.press("Not you? Use another account")

    visitor.arrive_at_account()


def test_a_page_that_needs_a_session_is_come_back_to(visitor, mira):
    visitor.device.hold(*mira.keys)

    visitor.goto("/notes?page=2")

    visitor.sees("Notes of mira")
    assert visitor.page.url == f"{visitor.site.url}/notes?page=2"


def test_next_survives_both_stages(visitor, mira):
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/notes")
    visitor.type("Email or username", "mira")
    visitor.press("Continue")
    expect(visitor.passkey_button).to_be_focused()

    visitor.device.touch()
    visitor.press("Sign in with a passkey")

    visitor.sees("Notes of mira")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/%5Cevil.example", "/%09/evil.example"],
)
def test_next_never_leads_elsewhere(visitor, mira, elsewhere):
    visitor.device.hold(*mira.keys)

    visitor.goto(f"/auth/sign-in?next={elsewhere}")

    visitor.arrive_at_account()


def test_somebody_signed_in_goes_straight_on(visitor, mira):
    visitor.sign_in(mira)

    visitor.goto("/auth/sign-in?next=/notes")

    visitor.sees("Notes of mira")


def test_two_tabs_do_not_break_each_other(visitor, mira):
    """The first tab's answer is on its way when the second one begins and finishes."""
    first = visitor.page
    second, device = visitor.another_tab()
    device.hold(*mira.keys)
    visitor.device.hold(*mira.keys)
    on_their_way = visitor.hold("**/auth/sign-in/passkey")
    visitor.goto("/auth/sign-in")
    on_their_way.wait()

    second.goto("/auth/sign-in")
    expect(second).to_have_url(re.compile("/auth/account$"))

    on_their_way.let_go()
    visitor.arrive_at_account()
    for page in (first, second):
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_two_tabs_wait_at_once_and_both_get_in(visitor, mira):
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()
    second, device = visitor.another_tab()
    device.hold(*mira.keys)
    device.leave()
    second.goto("/auth/sign-in")
    visitor.waits_for_autofill(second)

    for page, its_device in ((visitor.page, visitor.device), (second, device)):
        its_device.touch()
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page).to_have_url(re.compile("/auth/account$"))


def test_a_page_left_open_renews_its_autofill_and_one_touch_signs_in(visitor, mira):
    visitor.page.clock.install()
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()

    with time_machine.travel(datetime.now(UTC) + TEN_MINUTES):
        visitor.device.touch()
        visitor.page.clock.fast_forward(TEN_MINUTES.seconds * 1000)

        visitor.arrive_at_account()
    assert visitor.site.posts() == BY_BUTTON  # new options, then the autofill's answer


@pytest.mark.parametrize("by_button", [False, True], ids=["autofill", "button"])
def test_a_ceremony_that_grew_old_in_sleep_begins_anew_by_itself(visitor, mira, by_button):
    """The machine slept over the open page: none of its timers ran."""
    visitor.expects("status of 401")
    visitor.device.hold(*mira.keys)
    on_their_way = visitor.hold("**/auth/sign-in/passkey", times=1)
    if by_button:
        visitor.device.leave()
        visitor.goto("/auth/sign-in")
        visitor.waits_for_autofill()
        visitor.device.touch()
        visitor.press("Sign in with a passkey")
    else:
        visitor.goto("/auth/sign-in")
    on_their_way.wait()

    with time_machine.travel(datetime.now(UTC) + TEN_MINUTES):
        on_their_way.let_go()

        visitor.arrive_at_account()
    assert visitor.site.posts()[-2:] == BY_BUTTON


def test_autofill_rests_while_nobody_looks(visitor, mira):
    visitor.page.clock.install()
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()

    visitor.looks_away()
    visitor.page.clock.fast_forward(TEN_MINUTES.seconds * 1000)
    assert visitor.site.posts() == []

    visitor.device.touch()
    visitor.looks_again()

    visitor.arrive_at_account()
    assert visitor.site.posts() == BY_BUTTON
