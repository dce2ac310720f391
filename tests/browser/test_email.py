"""Signing in by e-mail where there is no passkey, and making one there."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from playwright.sync_api import expect

PHONE_AND_DESKTOP = pytest.mark.parametrize("width", [360, 1280], ids=["phone", "desktop"])


def later(**span):
    return time_machine.travel(datetime.now(UTC) + timedelta(**span))


def path_of(link):
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


@PHONE_AND_DESKTOP
def test_a_new_browser_gets_in_by_code_and_makes_a_passkey_there(visitor, mira, site):
    visitor.ask_mail()
    visitor.is_at("/auth/sign-in/email")
    visitor.type("Code", site.code)
    visitor.press("Sign in")
    visitor.arrive_at_account()
    offer = visitor.page.get_by_role("heading", name="Set up a passkey on this device")
    expect(offer).to_be_visible()

    with visitor.one_page():
        visitor.follow("Set up a passkey")
        visitor.sees("Set up a passkey")
        visitor.is_at("/auth/account/passkeys/new")
        visitor.press("Create a passkey")
        visitor.arrive_at_account()
        expect(visitor.toast).to_have_text("Passkey added")
        expect(offer).to_have_count(0)
        expect(visitor.page.get_by_role("heading", name="Passkeys 2")).to_be_visible()

    visitor.press("Sign out")
    visitor.sees("Welcome back")
    visitor.press("Sign in with a passkey")
    visitor.arrive_at_account()


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code,
        lambda code: code.replace("-", "").lower(),
        lambda code: f"  {code[:4].lower()} \N{EN DASH} {code[5:]} ",
        lambda code: " ".join(code.replace("-", "")),
    ],
    ids=["as it stands", "lower case", "with a long dash", "with spaces"],
)
def test_a_code_is_taken_as_it_is_pasted(visitor, mira, site, typed):
    visitor.ask_mail()
    code = site.code
    field = visitor.page.get_by_label("Code")
    expect(field).to_be_focused()

    visitor.paste(typed(code))

    expect(field).to_have_value(code)
    visitor.page.keyboard.press("Enter")
    visitor.arrive_at_account()


def test_a_code_groups_itself_while_it_is_typed_and_corrected(visitor, mira):
    visitor.ask_mail()
    field = visitor.page.get_by_label("Code")

    field.press_sequentially("abcd2")
    expect(field).to_have_value("ABCD-2")
    for _ in range(3):
        visitor.page.keyboard.press("ArrowLeft")
    visitor.page.keyboard.press("Backspace")
    expect(field).to_have_value("ABD2")
    visitor.page.keyboard.type("x")
    expect(field).to_have_value("ABXD-2")


def test_a_long_code_pasted_keeps_its_eight_characters(visitor, mira):
    visitor.ask_mail()

    visitor.paste("Code: abcd-2345 ")

    # "Code" is no part of it, but no script can know that: what is shown says so at once.
    expect(visitor.page.get_by_label("Code")).to_have_value(re.compile("^[A-Z0-9]{4}-[A-Z0-9]{4}$"))


@PHONE_AND_DESKTOP
def test_a_new_browser_gets_in_by_the_link_and_one_press(visitor, mira, site):
    visitor.ask_mail(first="/notes")

    visitor.goto(path_of(site.outbox.link))

    visitor.is_at("/auth/sign-in/email/link")
    assert "token" not in visitor.page.url
    visitor.sees("Finish signing in")
    assert "POST /auth/sign-in/email/link" not in site.requests
    visitor.press("Sign in as Mira Okafor")
    visitor.sees("Notes of mira")


def test_the_link_works_in_another_tab_and_the_first_one_follows(visitor, mira, site):
    visitor.ask_mail()
    tab, _ = visitor.another_tab()
    tab.goto(path_of(site.outbox.link))
    tab.get_by_role("button", name="Sign in as Mira Okafor").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Your account")

    visitor.page.reload()

    visitor.arrive_at_account()


def test_a_link_opened_in_another_browser_says_where_to_go(visitor, visit, mira, site):
    visitor.ask_mail()
    elsewhere = visit()

    elsewhere.goto(path_of(site.outbox.link))

    elsewhere.sees("Open this on the device where you started")
    expect(elsewhere.page.get_by_text("Or type the code from the mail there.")).to_be_visible()
    expect(elsewhere.page.locator("form")).to_have_count(0)
    visitor.goto(path_of(site.outbox.link))
    visitor.press("Sign in as Mira Okafor")
    visitor.arrive_at_account()


def test_a_used_link_says_so_and_leads_to_a_new_one(visitor, mira, site):
    visitor.ask_mail()
    link = path_of(site.outbox.link)
    visitor.goto(link)
    visitor.press("Sign in as Mira Okafor")
    visitor.arrive_at_account()
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    visitor.expects("status of 401")

    visitor.goto(link)

    visitor.sees("This link no longer works")
    visitor.follow("Email me a new one")
    visitor.sees("Welcome back")
    visitor.press("Email me a sign-in link")
    visitor.sees("Check your email")
    assert len(site.outbox.mails) == 2


def test_of_two_mails_the_newer_counts_and_the_older_link_says_so(visitor, mira, site):
    visitor.ask_mail()
    older = path_of(site.outbox.link)
    visitor.expects("status of 401")
    with later(seconds=61):
        visitor.page.reload()
        visitor.press("Send it again")
        expect(visitor.page.get_by_role("button", name="Send it again")).to_be_disabled()

        visitor.goto(older)

        expect(visitor.page.get_by_text("A newer mail was sent since")).to_be_visible()
        visitor.goto(path_of(site.outbox.link))
        visitor.press("Sign in as Mira Okafor")
        visitor.arrive_at_account()


def test_the_code_page_survives_a_reload(visitor, mira, site):
    visitor.ask_mail("MIRA@example.com")
    expect(visitor.page.get_by_text("MIRA@example.com")).to_be_visible()
    posts = site.posts()

    visitor.page.reload()

    visitor.sees("Check your email")
    expect(visitor.page.get_by_text("MIRA@example.com")).to_be_visible()
    assert site.posts() == posts
    visitor.type("Code", site.code)
    visitor.press("Sign in")
    visitor.arrive_at_account()


def test_another_mail_can_be_asked_for_after_a_minute_counted_down(visitor, mira, site):
    visitor.page.clock.install()
    visitor.ask_mail()
    again = visitor.page.get_by_role("button", name="Send it again")
    clock = visitor.page.locator("[data-clock]")
    expect(clock).to_have_text(re.compile(r"^(1:00|0:5\d)$"))
    expect(again).to_be_disabled()

    visitor.page.clock.fast_forward(20_000)
    expect(clock).to_have_text(re.compile(r"^0:(40|3\d)$"))
    again.click(force=True)
    assert len(site.outbox.mails) == 1

    visitor.page.clock.fast_forward(45_000)
    expect(again).to_be_enabled()
    expect(clock).to_be_hidden()
    with later(seconds=65):
        again.click()
        expect(again).to_be_disabled()
    assert len(site.outbox.mails) == 2


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("WDJB-KMHT", 401, "That code doesn't match. You have 4 tries left."),
        ("", 422, "Enter the code from the mail."),
        ("ABC", 422, "A code has 8 letters and digits, like WDJB-KMHT."),
    ],
)
def test_a_wrong_code_is_said_beside_its_field(visitor, mira, typed, status, words):
    visitor.expects(f"status of {status}")
    visitor.ask_mail()

    visitor.type("Code", typed)
    visitor.press("Sign in")

    field = visitor.page.get_by_label("Code")
    expect(field).to_have_accessible_description(words)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    visitor.is_at("/auth/sign-in/email")


def test_five_wrong_codes_and_the_mail_is_spent(visitor, mira, site):
    visitor.expects("status of 401")
    visitor.ask_mail()
    code = site.code
    for left in ("4 tries", "3 tries", "2 tries", "1 try"):
        visitor.type("Code", "WDJB-KMHT")
        visitor.press("Sign in")
        expect(visitor.page.get_by_text(f"You have {left} left.")).to_be_visible()
    visitor.type("Code", "WDJB-KMHT")
    visitor.press("Sign in")
    expect(visitor.page.get_by_text("it was the last try")).to_be_visible()

    visitor.type("Code", code)
    visitor.press("Sign in")

    visitor.sees("This code no longer works")


def test_an_address_that_nobody_has_looks_the_same_and_gets_no_mail(visitor, mira, site):
    visitor.ask_mail("nobody@example.com")

    expect(visitor.page.get_by_text("nobody@example.com")).to_be_visible()
    assert site.outbox.mails == []


def test_who_came_by_mail_is_offered_mail_first_the_next_time(visitor, mira, site):
    visitor.ask_mail()
    visitor.type("Code", site.code)
    visitor.press("Sign in")
    visitor.arrive_at_account()
    visitor.press("Sign out")
    visitor.sees("Welcome back")

    expect(visitor.page.get_by_role("button", name="Email me a sign-in link")).to_have_class(
        re.compile("unlatch-primary")
    )


def test_the_first_proof_from_elsewhere_warns_and_then_says_what_was_removed(
    visitor, start_site, visit
):
    site = start_site()
    site.register(confirmed=False)
    owner = visit(site)
    owner.ask_mail()
    owner.goto(path_of(site.outbox.link))
    expect(owner.trouble).to_contain_text("Continuing removes the passkeys made before.")

    owner.press("Sign in")

    owner.arrive_at_account()
    expect(owner.toast).to_contain_text("We removed what was set up before: 1 passkey")
    expect(owner.page.get_by_text("No passkeys yet.")).to_be_visible()
