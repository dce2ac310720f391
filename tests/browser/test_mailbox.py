"""The development mailbox: it refreshes by itself, and its button and its code do sign in."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def site(start_site):
    return start_site(outbox=False)


@pytest.fixture
def mailbox(visitor):
    page = visitor.context.new_page()
    page.goto("/auth/dev/mailbox")
    expect(page.get_by_text("No mail yet.")).to_be_visible()
    return page


def registers(visitor):
    visitor.goto("/auth/register")
    visitor.page.get_by_label("Username").fill("mira")
    visitor.page.get_by_label("Email").fill("mira@example.com")
    visitor.press("Create account")
    visitor.sees("Set up a passkey")


def test_a_mail_appears_by_itself_and_what_is_open_stays_open(visitor, mailbox):
    mailbox.evaluate("window.mark = 'the same page'")
    registers(visitor)
    mails = mailbox.get_by_role("article")
    expect(mails).to_have_count(1)
    mails.first.get_by_text("The whole mail").click()
    text = mails.last.locator("pre")
    expect(text).to_be_visible()

    visitor.press("Create a passkey")
    visitor.sees("You're all set")

    expect(mails).to_have_count(2)
    expect(mails.first).to_contain_text("A passkey was added")
    expect(text).to_be_visible()
    assert mailbox.evaluate("window.mark") == "the same page"


def test_its_link_works_in_this_browser(visitor, mailbox):
    registers(visitor)

    mailbox.get_by_role("link", name="Open the link").click()

    mailbox.get_by_role("button", name="Confirm my address").click()
    expect(mailbox.get_by_role("heading", level=1)).to_have_text("Your account")


def test_its_code_is_copied(visitor, mailbox):
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    registers(visitor)
    copy = mailbox.locator("[data-copy]")
    expect(copy).to_have_text("Copy")
    code = mailbox.locator(".unlatch-copy .unlatch-mono").inner_text()

    copy.click()

    expect(copy).to_have_text("Copied")
    assert mailbox.evaluate("navigator.clipboard.readText()") == code


def test_it_is_not_asked_while_nobody_looks(visitor, mailbox, site):
    mailbox.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    mailbox.clock.install()
    mailbox.clock.run_for(10_000)
    before = len(site.requests)

    mailbox.clock.run_for(10_000)

    assert len(site.requests) == before
