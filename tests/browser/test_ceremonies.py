"""What a page says when the device, the site or the network says no; and that it can be tried
again. Never by `alert()`: a dialog fails every test here.
"""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

NOT_MADE = "No passkey was made. Try again, or do it later from your account page."
NO_ANSWER = (
    "No passkey answered on this device. Try again, use another device, or have a link mailed to "
    "you."
)
NEEDS_PIN = "This key needs a PIN. Set one in your system's settings, or use another device."
SITE_SAYS_NO = "That passkey wasn't accepted. Try another one, or have a link mailed to you."
UNREACHABLE = "We couldn't reach Acme Notes. Check your connection, then try again."
OFFLINE = "You're offline. Check your connection, then try again."
OUR_FAULT = "Something went wrong on our side. Try again in a moment."

OPTIONS = "**/passkey*/options"
FINISH = {"get": "**/auth/sign-in/passkey", "create": "**/auth/account/passkeys"}


@pytest.fixture
def at_sign_in(visitor, mira):
    """Mira said who she is, and has her passkey with her."""
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.type("Email or username", "mira")
    visitor.press("Continue")
    expect(visitor.passkey_button).to_be_focused()
    visitor.device.touch()
    return visitor


@pytest.fixture
def at_set_up(visitor, mira):
    """Mira is signed in, at the page that makes another passkey, on a device without one."""
    visitor.sign_in(mira)
    visitor.device.drop()
    visitor.goto("/auth/account/passkeys/new")
    return visitor


def hurry(visitor):
    """The device waits a third of a second, not five minutes."""

    def shorten(route):
        answer = route.fetch()
        options = answer.json()
        options["publicKey"]["timeout"] = 300
        route.fulfill(response=answer, json=options)

    visitor.page.route(OPTIONS, shorten)


def not_recognised(visitor):
    visitor.device.mistake()
    return visitor.device.recognise


def not_touched(visitor):
    hurry(visitor)
    visitor.device.leave()
    return visitor.device.touch


def forged(visitor):
    visitor.expects("status of 401")
    visitor.device.lie(isBogusSignature=True)
    return visitor.device.lie


def not_verified(visitor):
    visitor.expects("status of 401")
    visitor.device.lie(isBadUV=True)
    return visitor.device.lie


def not_present(visitor):
    visitor.expects("status of 401")
    visitor.device.lie(isBadUP=True)
    return visitor.device.lie


def cut_off_at_the_start(visitor):
    visitor.expects("net::ERR_FAILED")
    visitor.page.route(OPTIONS, lambda route: route.abort())
    return lambda: visitor.page.unroute(OPTIONS)


def cut_off_at_the_end(visitor):
    visitor.expects("net::ERR_FAILED")
    for pattern in FINISH.values():
        visitor.page.route(pattern, lambda route: route.abort())
    return lambda: [visitor.page.unroute(pattern) for pattern in FINISH.values()]


def offline(visitor):
    visitor.expects("net::ERR_INTERNET_DISCONNECTED")
    visitor.context.set_offline(True)
    return lambda: visitor.context.set_offline(False)


def site_fails(visitor):
    visitor.expects("status of 502")
    visitor.page.route(OPTIONS, lambda route: route.fulfill(status=502, body="<h1>Bad Gateway"))
    return lambda: visitor.page.unroute(OPTIONS)


@pytest.mark.parametrize(
    ("befalls", "words"),
    [
        (not_recognised, NO_ANSWER),
        (not_touched, NO_ANSWER),
        (forged, SITE_SAYS_NO),
        (not_verified, SITE_SAYS_NO),
        (not_present, SITE_SAYS_NO),
        (cut_off_at_the_start, UNREACHABLE),
        (cut_off_at_the_end, UNREACHABLE),
        (offline, OFFLINE),
        (site_fails, OUR_FAULT),
    ],
)
def test_a_failed_sign_in_has_its_own_words_and_can_be_tried_again(at_sign_in, befalls, words):
    visitor = at_sign_in
    mend = befalls(visitor)

    visitor.press("Sign in with a passkey")

    expect(visitor.trouble).to_have_text(words)
    by_mail = visitor.page.get_by_role("button", name="Email me a sign-in link")
    expect(by_mail).to_be_focused()
    expect(visitor.passkey_button).to_be_enabled()

    mend()
    visitor.press("Try again")
    visitor.arrive_at_account()


@pytest.mark.parametrize(
    ("befalls", "words"),
    [
        (not_recognised, NOT_MADE),
        (not_touched, NOT_MADE),
        (cut_off_at_the_start, UNREACHABLE),
        (cut_off_at_the_end, UNREACHABLE),
        (offline, OFFLINE),
        (site_fails, OUR_FAULT),
    ],
)
def test_a_passkey_that_was_not_made_has_its_own_words_and_can_be_tried_again(
    at_set_up, befalls, words
):
    visitor = at_set_up
    mend = befalls(visitor)

    visitor.press("Create a passkey")

    expect(visitor.trouble).to_have_text(words)
    expect(visitor.passkey_button).to_be_focused()
    expect(visitor.passkey_button).to_have_text("Try again")

    mend()
    visitor.device.drop()
    visitor.page.keyboard.press("Enter")
    visitor.arrive_at_account()
    expect(visitor.toast).to_have_text("Passkey added")


@pytest.mark.parametrize("signals", [True, False], ids=["can forget it", "cannot forget it"])
def test_a_passkey_that_the_site_refuses_is_not_left_on_the_device(visit, mira, signals):
    visitor = visit()
    visitor.sign_in(mira)
    visitor.device.drop()
    if not signals:
        visitor.page.add_init_script("delete PublicKeyCredential.signalUnknownCredential")
    visitor.goto("/auth/account/passkeys/new")
    visitor.expects("status of 401")
    visitor.device.lie(isBadUV=True)

    visitor.press("Create a passkey")

    expect(visitor.trouble).to_contain_text("That passkey couldn't be accepted here")
    if signals:
        expect(visitor.trouble).to_contain_text("so it was removed from your device again.")
        assert len(visitor.device.forgotten) == 1
        assert visitor.device.passkeys() == []
    else:
        expect(visitor.trouble).to_contain_text("Delete it from your device's password manager")
        assert len(visitor.device.passkeys()) == 1
    expect(visitor.passkey_button).to_be_focused()


@pytest.mark.parametrize("by_button", [True, False], ids=["button", "autofill"])
def test_a_passkey_that_the_site_does_not_know_is_forgotten_by_the_device(visitor, mira, by_button):
    visitor.expects("status of 401")
    visitor.device.hold(replace(mira.keys[0], id=b"nobody has this one".ljust(32)))
    if by_button:
        visitor.device.leave()
    visitor.goto("/auth/sign-in")
    if by_button:
        visitor.waits_for_autofill()
        visitor.device.touch()
        visitor.press("Sign in with a passkey")

    expect(visitor.trouble).to_contain_text("That passkey is no longer known here.")
    visitor.until(lambda: visitor.device.forgotten)
    assert visitor.device.passkeys() == []


def test_a_device_that_has_one_already_is_told_so(visitor, mira):
    visitor.sign_in(mira)
    visitor.goto("/auth/account/passkeys/new")

    visitor.press("Create a passkey")

    expect(visitor.trouble).to_contain_text("This device already has a passkey for your account")
    expect(visitor.passkey_button).to_be_focused()
    assert len(visitor.device.passkeys()) == 1


def test_a_key_without_a_pin_gets_no_further(visit, mira):
    """Chromium tells of the missing PIN in a window of its own, and the page only that the
    person was not willing.
    """
    visitor = visit(key={"verifies": False, "transport": "usb"})
    visitor.sign_in_by_mail()
    visitor.goto("/auth/account/passkeys/new")

    visitor.press("Create a passkey")

    expect(visitor.trouble).to_have_text(NOT_MADE)
    expect(visitor.passkey_button).to_be_focused()
    assert visitor.device.passkeys() == []


def test_where_the_browser_tells_of_a_missing_pin_the_page_does_too(visitor, mira):
    """As on Android, which no virtual authenticator imitates."""
    visitor.sign_in_by_mail()
    visitor.context.add_init_script(
        """navigator.credentials.create = async () => {
          throw new DOMException("userVerification cannot be fulfilled", "ConstraintError");
        };"""
    )
    visitor.goto("/auth/account/passkeys/new")

    visitor.press("Create a passkey")

    expect(visitor.trouble).to_have_text(NEEDS_PIN)
    expect(visitor.passkey_button).to_be_focused()


def test_where_the_browser_has_no_passkeys_mail_is_the_way(visit, mira):
    visitor = visit(key=None)
    visitor.context.add_init_script("delete globalThis.PublicKeyCredential")
    visitor.goto("/auth/sign-in")
    expect(visitor.passkey_button).to_be_hidden()
    expect(visitor.page.locator(".unlatch-or")).to_be_hidden()
    visitor.type("Email or username", "mira")
    visitor.press("Continue")
    expect(
        visitor.page.get_by_text("This browser has no passkeys, so email is the way")
    ).to_be_visible()
    expect(visitor.passkey_button).to_be_hidden()

    visitor.press("Email me a sign-in link")
    visitor.sees("Check your email")
    visitor.type("Code", visitor.site.code)
    visitor.press("Sign in")
    visitor.arrive_at_account()

    visitor.goto("/auth/account/passkeys/new")
    expect(visitor.page.get_by_text("This browser has no passkeys. Use another")).to_be_visible()
    expect(visitor.passkey_button).to_be_hidden()


def test_the_waiting_button_says_so_and_cannot_be_pressed_twice(at_sign_in):
    visitor = at_sign_in
    visitor.device.leave()
    before = visitor.passkey_button.bounding_box()

    visitor.press("Sign in with a passkey")

    expect(visitor.passkey_button).to_have_text("Waiting for your device…")
    expect(visitor.page.get_by_role("button", name="Having trouble?")).to_be_visible()
    assert visitor.passkey_button.bounding_box()["width"] == before["width"]
    visitor.passkey_button.click()
    assert visitor.site.posts().count("POST /auth/sign-in/passkey/options") == 1

    visitor.press("Having trouble? Email me a link instead")
    visitor.sees("Check your email")


def test_a_passkey_that_was_removed_here_is_not_offered_again(visitor, mira, site):
    """The account page tells the device which passkeys are still good."""
    gone = site.register("ada", address="ada@example.com").keys[0]
    gone.user_handle = mira.keys[0].user_handle
    visitor.device.hold(gone)

    visitor.device.leave()
    visitor.sign_in_by_mail()

    visitor.until(lambda: visitor.device.forgotten)
    assert visitor.device.passkeys() == []


def test_trouble_at_the_first_stage_leads_to_the_field(visitor):
    visitor.device.mistake()
    visitor.goto("/auth/sign-in")

    visitor.press("Sign in with a passkey")

    expect(visitor.trouble).to_contain_text("type your email or username and continue.")
    expect(visitor.page.get_by_label("Email or username")).to_be_focused()
    expect(visitor.passkey_button).to_have_text("Try a passkey again")
    visitor.type("Email or username", "mira")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_text("Not you? Use another account")).to_be_visible()
    expect(visitor.trouble).to_have_count(0)
