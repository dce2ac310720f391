"""Every page in every state: axe finds nothing, light and dark, on a phone and at a desk; at
200 % nothing is cut off or scrolls sideways; and no target is too small for a thumb.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
import time_machine
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from unlatch.errors import StoreError, TooMany

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
AT_200_PERCENT = {"width": 320, "height": 450}  # what a window of 640 by 900 has left

LOOKS = [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]

STATES: list[Callable[..., Any]] = []


def state(reach: Callable[..., Any]) -> Callable[..., Any]:
    """A state of a page, and the way to it; what it returns is looked at, or its visitor."""
    STATES.append(reach)
    return reach


@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)
def test_nobody_is_kept_out(reach, request):
    wanted = reach.__code__.co_varnames[: reach.__code__.co_argcount]
    visitor = reach(**{name: request.getfixturevalue(name) for name in wanted})
    page = visitor.page

    faults = [fault for look in LOOKS for fault in axe(page, *look)]
    page.set_viewport_size(PHONE)
    faults += small_targets(page)
    page.set_viewport_size(AT_200_PERCENT)
    if page.evaluate("document.documentElement.scrollWidth") > AT_200_PERCENT["width"]:
        faults.append(f"scrolls sideways at 200 %: {too_wide(page)}")

    assert faults == []


def axe(page: Page, size: Any, scheme: Any) -> list[str]:
    """Contrast in every look; all the rest, which colours do not change, once a width."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    only = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
    found = page.evaluate("o => axe.run(document, o)", {"resultTypes": ["violations"], **only})
    return [
        f"{size['width']} {scheme}: {one['id']}: {one['help']}: {node['html']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def without_scripts(visit):
    """What a browser without JavaScript shows, in one where axe, a script itself, can run."""

    def rewrite(route):
        answer = route.fetch()
        words = "" if route.request.resource_type == "script" else answer.text()
        for tag in ("noscript>", "/noscript>"):
            words = words.replace(f"<{tag}", f"<{tag.replace('noscript', 'div')}")
        route.fulfill(response=answer, body=words)

    visitor = visit(key=None)
    visitor.page.route("**/auth/**", rewrite)
    return visitor


def small_targets(page: Page) -> list[str]:
    """What is under 44 px (WCAG 2.2 spares links within a sentence)."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(
            "#unlatch :is(button, input, summary, a.unlatch-button)"
          )]
          .filter((one) => one.checkVisibility() && one.type !== "hidden")
          .map((one) => [one, one.getBoundingClientRect()])
          .filter(([, { width, height }]) => height < 44 || width < 44)
          .map(([one, { width, height }]) => `${width} x ${height} px: ${one.outerHTML}`)"""
    )
    return found


def too_wide(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth)
          .map((one) => one.outerHTML.slice(0, 120))"""
    )
    return found


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def later(**span: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**span))


# --- signing in -----------------------------------------------------------------------------


@state
def sign_in(visitor):
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    return visitor


@state
def sign_in_with_nothing_typed(visitor):
    visitor.expects("status of 422")
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.press("Continue")
    expect(visitor.page.locator("[aria-invalid=true]")).to_be_focused()
    return visitor


@state
def sign_in_without_javascript(visit):
    visitor = without_scripts(visit)
    visitor.goto("/auth/sign-in")
    expect(visitor.page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    return visitor


@state
def sign_in_where_registration_is_closed(visit, start_site):
    visitor = visit(start_site(UNLATCH_REGISTRATION="closed"))
    visitor.goto("/auth/sign-in")
    return visitor


@state
def sign_in_first_stage_cancelled(visitor):
    visitor.device.mistake()
    visitor.goto("/auth/sign-in")
    visitor.press("Sign in with a passkey")
    expect(visitor.trouble).to_be_visible()
    return visitor


@state
def method(visitor):
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.type("Email or username", "a.very.long.address@a.very.long.domain.example.com")
    visitor.press("Continue")
    expect(visitor.passkey_button).to_be_focused()
    return visitor


@state
def method_waiting_for_the_device(visitor):
    method(visitor)
    visitor.press("Sign in with a passkey")
    expect(visitor.passkey_button).to_have_text("Waiting for your device…")
    return visitor


@state
def method_cancelled(visitor):
    method(visitor)
    visitor.device.touch()
    visitor.device.mistake()
    visitor.press("Sign in with a passkey")
    expect(visitor.trouble).to_be_visible()
    return visitor


@state
def method_unanswered(visitor, mira):
    visitor.device.hold(*mira.keys)
    method(visitor)
    visitor.device.touch()
    visitor.press("Sign in with a passkey")
    expect(visitor.trouble).to_be_visible()
    return visitor


@state
def method_refused(visitor, mira):
    visitor.expects("status of 401")
    visitor.sign_in(mira)
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    visitor.device.lie(isBogusSignature=True)
    visitor.press("Sign in with a passkey")
    expect(visitor.trouble).to_contain_text("wasn't accepted")
    return visitor


@state
def sign_in_with_a_passkey_that_nobody_knows(visitor, mira):
    visitor.expects("status of 401")
    visitor.device.hold(replace(mira.keys[0], id=b"nobody has this one".ljust(32)))
    visitor.goto("/auth/sign-in")
    expect(visitor.trouble).to_contain_text("no longer known here")
    return visitor


@state
def method_remembered_and_signed_out(visitor, mira):
    visitor.sign_in(mira)
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    return visitor


@state
def method_by_email_first(visitor, mira):
    visitor.sign_in_by_mail()
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    return visitor


@state
def method_without_passkeys_in_this_browser(visit):
    visitor = visit(key=None)
    visitor.context.add_init_script("delete globalThis.PublicKeyCredential")
    visitor.goto("/auth/sign-in")
    visitor.type("Email or username", "mira")
    visitor.press("Continue")
    expect(visitor.page.get_by_text("This browser has no passkeys")).to_be_visible()
    return visitor


@state
def offline(visitor):
    visitor.expects("net::ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    method(visitor)
    visitor.context.set_offline(True)
    visitor.press("Email me a sign-in link")
    expect(visitor.trouble).to_contain_text("You're offline.")
    return visitor


# --- e-mail ---------------------------------------------------------------------------------


@state
def check_your_email(visitor, mira):
    visitor.ask_mail()
    return visitor


@state
def check_your_email_wrong_code(visitor, mira):
    visitor.expects("status of 401")
    visitor.ask_mail()
    visitor.type("Code", "WDJB-KMHT")
    visitor.press("Sign in")
    expect(visitor.page.locator("[aria-invalid=true]")).to_be_focused()
    return visitor


@state
def link_opened_here(visitor, mira, site):
    visitor.ask_mail()
    visitor.goto(path_of(site.outbox.link))
    visitor.sees("Finish signing in")
    return visitor


@state
def link_opened_here_by_somebody_with_a_long_name(visitor, site):
    site.register(name="Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh")
    return link_opened_here(visitor, None, site)


@state
def link_opened_elsewhere(visitor, visit, mira, site):
    visitor.ask_mail()
    elsewhere = visit()
    elsewhere.goto(path_of(site.outbox.link))
    elsewhere.sees("Open this on the device where you started")
    return elsewhere


@state
def link_no_longer_good(visitor):
    visitor.expects("status of 401")
    visitor.goto("/auth/sign-in/email/link?token=damaged")
    visitor.sees("This link no longer works")
    return visitor


@state
def code_no_longer_good(visitor, mira, site):
    visitor.expects("status of 401")
    visitor.ask_mail()
    with later(minutes=11):
        visitor.type("Code", site.code)
        visitor.press("Sign in")
        visitor.sees("This code no longer works")
    return visitor


@state
def link_that_takes_over(visitor, site):
    site.register(confirmed=False)
    visitor.ask_mail()
    visitor.goto(path_of(site.outbox.link))
    expect(visitor.trouble).to_be_visible()
    return visitor


@state
def account_after_a_take_over(visitor, site):
    link_that_takes_over(visitor, site)
    visitor.press("Sign in")
    visitor.arrive_at_account()
    return visitor


# --- registering ----------------------------------------------------------------------------


def registers(visitor, username="ada", email="ada@example.com"):
    visitor.goto("/auth/register")
    visitor.page.get_by_label("Username").fill(username)
    visitor.page.get_by_label("Email").fill(email)
    visitor.press("Create account")


@state
def register(visitor):
    visitor.goto("/auth/register")
    return visitor


@state
def register_refused(visitor):
    visitor.expects("status of 422")
    registers(visitor, "a", "ada")
    expect(visitor.page.locator("[aria-invalid=true]").first).to_be_focused()
    return visitor


@state
def register_address_taken(visitor, mira):
    visitor.expects("status of 422")
    registers(visitor, email=mira.address)
    expect(visitor.page.get_by_role("link", name="Sign in instead")).to_be_visible()
    return visitor


@state
def register_closed(visit, start_site):
    visitor = visit(start_site(UNLATCH_REGISTRATION="closed"))
    visitor.expects("status of 403")
    visitor.goto("/auth/register")
    return visitor


@state
def set_up_a_passkey(visitor):
    registers(visitor)
    visitor.sees("Set up a passkey")
    return visitor


@state
def set_up_a_passkey_waiting(visitor):
    set_up_a_passkey(visitor)
    visitor.device.leave()
    visitor.press("Create a passkey")
    expect(visitor.passkey_button).to_have_text("Waiting for your device…")
    return visitor


@state
def set_up_a_passkey_cancelled(visitor):
    set_up_a_passkey(visitor)
    visitor.device.mistake()
    visitor.press("Create a passkey")
    expect(visitor.trouble).to_be_visible()
    return visitor


@state
def set_up_a_passkey_refused(visitor):
    """Here, and removed from the device again."""
    visitor.expects("status of 401")
    set_up_a_passkey(visitor)
    visitor.device.lie(isBadUV=True)
    visitor.press("Create a passkey")
    expect(visitor.trouble).to_contain_text("couldn't be accepted here")
    return visitor


@state
def set_up_a_passkey_that_is_there_already(visitor, mira):
    visitor.sign_in(mira)
    visitor.goto("/auth/account/passkeys/new")
    visitor.press("Create a passkey")
    expect(visitor.trouble).to_contain_text("already has a passkey")
    return visitor


@state
def set_up_a_passkey_where_there_are_none(visit):
    visitor = visit(key=None)
    visitor.context.add_init_script("delete globalThis.PublicKeyCredential")
    registers(visitor)
    expect(visitor.page.get_by_text("This browser has no passkeys.")).to_be_visible()
    return visitor


@state
def set_up_a_passkey_without_javascript(visit):
    visitor = set_up_a_passkey(without_scripts(visit))
    expect(visitor.page.get_by_text("Making a passkey needs JavaScript")).to_be_visible()
    return visitor


@state
def all_set(visitor):
    set_up_a_passkey(visitor)
    visitor.press("Create a passkey")
    visitor.sees("You're all set")
    return visitor


@state
def all_set_wrong_address(visitor):
    visitor.expects("status of 422")
    all_set(visitor)
    visitor.page.get_by_text("Wrong address?").click()
    visitor.type("Your email", "ada")
    visitor.press("Use this address")
    expect(visitor.page.get_by_label("Your email")).to_be_focused()
    return visitor


@state
def all_set_with_nothing_left_to_do(visitor, mira):
    visitor.sign_in(mira)
    visitor.goto("/auth/account/email?welcome=1")
    visitor.page.get_by_role("heading", level=1).focus()  # so that it does not go on by itself
    return visitor


@state
def confirm_by_link(visitor, site):
    registers(visitor)
    visitor.sees("Set up a passkey")
    visitor.goto(path_of(site.outbox.link))
    visitor.sees("Confirm your address")
    return visitor


# --- the account ----------------------------------------------------------------------------


@state
def account(visitor, visit, site):
    mira = site.register(passkeys=3)
    other = visit()
    other.sign_in(mira, key=1)
    visitor.sign_in(mira)
    return visitor


@state
def account_unconfirmed_and_without_passkeys(visitor):
    set_up_a_passkey(visitor)
    visitor.follow("Later")
    visitor.arrive_at_account()
    return visitor


@state
def account_after_an_email_sign_in(visitor, mira):
    visitor.sign_in_by_mail()
    return visitor


@state
def account_while_renaming(visitor, mira):
    visitor.sign_in(mira)
    visitor.page.get_by_role("link", name=re.compile("^Rename")).click()
    expect(visitor.page.get_by_label("Name", exact=True)).to_be_focused()
    return visitor


@state
def account_with_a_name_refused(visitor, mira):
    visitor.expects("status of 422")
    account_while_renaming(visitor, mira)
    visitor.page.get_by_label("Name", exact=True).fill("")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("[aria-invalid=true]")).to_be_focused()
    return visitor


@state
def account_with_a_toast(visitor, mira):
    account_while_renaming(visitor, mira)
    visitor.page.keyboard.press("Enter")
    expect(visitor.toast).to_be_visible()
    return visitor


@state
def rename_a_passkey_on_a_page_of_its_own(visitor, mira):
    """As without JavaScript."""
    visitor.sign_in(mira)
    rename = visitor.page.get_by_role("link", name=re.compile("^Rename")).get_attribute("href")
    visitor.goto(rename)
    visitor.sees("Rename this passkey")
    return visitor


@state
def remove_the_only_way_in(visitor, site):
    visitor.expects("status of 409")
    visitor.sign_in(site.register(confirmed=False))
    visitor.page.get_by_role("link", name=re.compile("^Remove")).click()
    visitor.sees("Your only way in")
    return visitor


@state
def remove_a_passkey(visitor, mira):
    visitor.sign_in(mira)
    visitor.page.get_by_role("link", name=re.compile("^Remove")).click()
    visitor.sees(re.compile("^Remove"))
    return visitor


@state
def is_it_still_you(visitor, mira):
    visitor.sign_in(mira)
    with later(minutes=6):
        visitor.follow("Add a passkey")
        visitor.sees("Is it still you?")
    return visitor


@state
def is_it_still_you_to_remove(visitor, mira):
    visitor.sign_in(mira)
    with later(minutes=6):
        visitor.page.get_by_role("link", name=re.compile("^Remove")).click()
        visitor.sees("Is it still you?")
    return visitor


@state
def is_it_still_you_cancelled(visitor, mira):
    is_it_still_you(visitor, mira)
    visitor.device.mistake()
    visitor.press("Confirm with a passkey")
    expect(visitor.trouble).to_be_visible()
    return visitor


@state
def is_it_still_you_by_email(visitor, mira):
    is_it_still_you(visitor, mira)
    visitor.press("Email me a code")
    visitor.sees("Check your email")
    return visitor


@state
def signed_out_elsewhere(visitor, mira, site):
    visitor.sign_in(mira)
    tab, _ = visitor.another_tab()
    tab.goto("/auth/account")
    session = visitor.context.cookies()
    tab.get_by_role("button", name="Sign out", exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Welcome back")
    visitor.context.add_cookies(session)  # as if another browser had done it
    visitor.page.reload()
    expect(visitor.page.get_by_text("Your session has ended.")).to_be_visible()
    return visitor


# --- the ready server's own page ------------------------------------------------------------


@state
def home_says_what_is_not_set_up(visit, ready_server):
    visitor = visit(ready_server)
    visitor.goto("/")
    visitor.sees("Sign in without a password")
    expect(visitor.page.get_by_text("Before this goes live")).to_be_visible()
    return visitor


@state
def home_of_somebody_signed_in(visit, ready_server):
    visitor = visit(ready_server)
    registers(visitor)
    visitor.sees("Set up a passkey")
    visitor.goto("/")
    visitor.sees("Hello, ada")
    return visitor


# --- errors and the mailbox -----------------------------------------------------------------


@state
def nothing_here(visitor):
    visitor.expects("status of 404")
    visitor.goto("/auth/nothing")
    return visitor


@state
def from_another_site(visitor):
    visitor.expects("status of 403")
    visitor.page.set_content(
        f'<form method="post" action="{visitor.site.url}/auth/register"><button>Win</button>'
    )
    visitor.press("Win")
    visitor.sees("That came from another site")
    return visitor


@state
def too_soon(visitor, mira):
    visitor.expects("status of 429")
    visitor.ask_mail()
    visitor.ask_mail_in_vain("mira")
    visitor.sees("Just a moment")
    return visitor


@state
def too_many(visitor, site):
    visitor.expects("status of 429")

    def limited(**_: object) -> NoReturn:
        raise TooMany(170)

    site.app.view_functions["unlatch.register"] = limited
    visitor.goto("/auth/register")
    visitor.sees("Too many tries")
    return visitor


@state
def our_fault(visitor, site, mira):
    visitor.expects("status of 500")
    visitor.sign_in(mira)
    site.app.testing = False  # so that Flask answers as it does for visitors
    fail(site, RuntimeError("made for this"))
    visitor.page.reload()
    visitor.sees("Something went wrong")
    return visitor


@state
def database_away(visitor, site, mira):
    visitor.expects("status of 503")
    visitor.sign_in(mira)
    fail(site, StoreError("away"))
    visitor.page.reload()
    visitor.sees("Back in a moment")
    return visitor


def fail(site, error):
    def failing(**_: object) -> NoReturn:
        raise error

    site.app.view_functions["unlatch.account"] = failing


@state
def mailbox_empty(visit, start_site):
    visitor = visit(start_site(outbox=False))
    visitor.goto("/auth/dev/mailbox")
    return visitor


@state
def mailbox(visit, start_site):
    visitor = visit(start_site(outbox=False))
    registers(visitor)
    visitor.sees("Set up a passkey")
    visitor.goto("/auth/dev/mailbox")
    expect(visitor.page.get_by_role("article")).to_have_count(1)
    visitor.page.get_by_text("The whole mail").click()
    return visitor
