"""Messages that come with a page or a swap: announced, dismissed, gone by themselves."""

import re

import pytest
from playwright.sync_api import expect

STAYS, LEAVES = 5_500, 700  # milliseconds: six seconds, and the moment in which it fades


@pytest.fixture
def clock(visitor):
    visitor.page.clock.install()
    return visitor.page.clock


def has_signed_out(visitor, resident):
    """Across a redirect and a whole new page."""
    visitor.sign_in(resident)
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    expect(visitor.toast).to_have_text("Signed out")


def has_renamed(visitor, resident):
    """By an htmx swap."""
    visitor.sign_in(resident)
    visitor.page.get_by_role("link", name=re.compile("^Rename")).click()
    visitor.page.get_by_label("Name", exact=True).fill("My phone")
    visitor.page.keyboard.press("Enter")
    expect(visitor.toast).to_have_text("Passkey renamed")


WAYS = pytest.mark.parametrize("happens", [has_signed_out, has_renamed])


@WAYS
def test_it_is_announced_politely_and_can_be_dismissed(visitor, mira, happens):
    happens(visitor, mira)
    region = visitor.page.get_by_role("status")
    expect(region).to_have_attribute("aria-live", "polite")
    expect(region.locator("[data-toast]")).to_have_count(1)

    visitor.toast.get_by_role("button", name="Dismiss").click()

    expect(visitor.toast).to_have_count(0)


@WAYS
def test_it_leaves_by_itself(visitor, mira, clock, happens):
    happens(visitor, mira)
    clock.fast_forward(STAYS)
    expect(visitor.toast).to_have_count(1)

    clock.run_for(STAYS)

    expect(visitor.toast).to_have_count(0)


def test_it_stays_while_the_pointer_is_on_it(visitor, mira, clock):
    has_signed_out(visitor, mira)
    visitor.toast.hover()
    clock.run_for(20_000)
    expect(visitor.toast).to_have_count(1)

    visitor.page.mouse.move(0, 0)
    clock.run_for(5_000)

    expect(visitor.toast).to_have_count(0)


def test_it_stays_while_it_has_the_focus_and_gives_it_back(visitor, mira, clock):
    has_signed_out(visitor, mira)
    dismiss = visitor.toast.get_by_role("button", name="Dismiss")
    dismiss.focus()
    clock.run_for(20_000)
    expect(visitor.toast).to_have_count(1)

    visitor.page.keyboard.press("Enter")
    clock.run_for(LEAVES)

    expect(visitor.toast).to_have_count(0)
    expect(visitor.page.get_by_role("heading", level=1)).to_be_focused()


def test_it_is_said_once(visitor, mira):
    has_signed_out(visitor, mira)

    visitor.page.reload()

    visitor.sees("Welcome back")
    expect(visitor.toast).to_have_count(0)
