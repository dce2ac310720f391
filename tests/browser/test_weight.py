"""What the sign-in page weighs on the wire, and what a second visit costs."""

import pytest
from playwright.sync_api import expect

MOST_BYTES, MOST_REQUESTS = 30_000, 5


@pytest.fixture
def site(start_site):
    """As outside development: mail goes to a server, so there is no link to the mailbox."""
    return start_site(UNLATCH_MAIL_SERVER="mail.example", UNLATCH_MAIL_FROM="site@example.com")


def test_the_sign_in_page_is_light_and_its_second_visit_loads_the_page_alone(visitor, site):
    came = []
    visitor.context.on("requestfinished", lambda one: came.append(one))
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()
    icon = visitor.page.locator("link[rel=icon]").get_attribute("href")
    visitor.page.evaluate("icon => fetch(icon)", icon)  # a browser with a window does it itself
    visitor.until(lambda: any(one.url.endswith(icon) for one in came))

    bytes_of = {one.url.rpartition(".")[2]: one.sizes()["responseBodySize"] for one in came}

    assert {"js", "css", "svg"} < bytes_of.keys()
    assert len(bytes_of) == len(came) <= MOST_REQUESTS
    assert all(bytes_of.values())
    assert sum(bytes_of.values()) <= MOST_BYTES, bytes_of

    site.requests.clear()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()
    assert site.requests == ["GET /auth/sign-in"]


def test_nothing_comes_from_another_host(visitor, mira):
    hosts = set()
    visitor.context.on("request", lambda request: hosts.add(request.url.split("/")[2]))

    visitor.sign_in(mira)
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    expect(visitor.toast).to_be_visible()

    assert hosts == {visitor.site.url.partition("//")[2]}
