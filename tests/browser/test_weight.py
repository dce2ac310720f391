"""What the sign-in page weighs on the wire, and what a second visit costs."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def wire(visitor):
    """What Chromium loads for the pages of this visitor, by address: bytes of the body as
    they came over the network.
    """
    cdp = visitor.context.new_cdp_session(visitor.page)
    cdp.send("Network.enable")
    bodies: dict[str, int] = {}
    addresses: dict[str, str] = {}

    def asked(event):
        addresses[event["requestId"]] = event["request"]["url"].removeprefix(visitor.site.url)

    def came(event):
        address = addresses[event["requestId"]]
        bodies[address] = bodies.get(address, 0) + event["encodedDataLength"]

    cdp.on("Network.requestWillBeSent", asked)
    cdp.on("Network.dataReceived", came)
    return bodies


def test_the_sign_in_page_is_light_and_its_second_visit_loads_the_page_alone(visitor, wire):
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()
    icon = visitor.page.locator("link[rel=icon]").get_attribute("href")
    visitor.page.evaluate("icon => fetch(icon)", icon)  # a browser with a window loads it, too
    visitor.until(lambda: icon in wire)
    assert sorted(one.partition(".")[2] for one in wire) == ["", "css", "js", "svg"]

    total = sum(wire.values())

    assert total <= 30_000, wire
    assert len(visitor.site.requests) <= 5, visitor.site.requests

    visitor.site.requests.clear()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()
    assert visitor.site.requests == ["GET /auth/sign-in"]


def test_nothing_comes_from_another_host(visitor, mira):
    hosts = set()
    visitor.context.on("request", lambda request: hosts.add(request.url.split("/")[2]))

    visitor.sign_in(mira)
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    expect(visitor.toast).to_be_visible()

    assert hosts == {visitor.site.url.partition("//")[2]}
