"""Back, forward, reload, and the keyboard alone."""

from playwright.sync_api import expect


def tabs_to(visitor, *stops):
    """Each stop is what the next press of Tab leads to, by its accessible name."""
    for stop in stops:
        visitor.page.keyboard.press("Tab")
        expect(visitor.page.locator(":focus")).to_have_accessible_name(stop)


def test_back_forward_and_reload_never_post_again(visitor, mira, site):
    visitor.device.leave()
    visitor.ask_mail()
    posts = site.posts()

    first, second, third = "[data-autofill]", ".unlatch-who", "[data-code]"
    for move, shown in [
        (visitor.page.reload, third),
        (visitor.page.go_back, second),
        (visitor.page.reload, second),
        (visitor.page.go_back, first),
        (visitor.page.go_forward, second),
        (visitor.page.go_forward, third),
    ]:
        with visitor.another_page():
            move()
        expect(visitor.page.locator(shown)).to_be_visible()

    assert site.posts() == posts


def test_back_from_the_second_stage_is_the_first_and_it_works(visitor, mira):
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    visitor.type("Email or username", "mira")
    visitor.press("Continue")
    expect(visitor.passkey_button).to_be_focused()

    visitor.page.go_back()

    expect(visitor.page.get_by_label("Email or username")).to_be_visible()
    visitor.page.go_forward()
    expect(visitor.page.get_by_text("Not you? Use another account")).to_be_visible()
    visitor.device.touch()
    visitor.press("Sign in with a passkey")
    visitor.arrive_at_account()


def test_back_after_registering_does_not_register_again(visitor, site):
    visitor.goto("/auth/register")
    visitor.page.get_by_label("Username").fill("mira")
    visitor.page.get_by_label("Email").fill("mira@example.com")
    visitor.press("Create account")
    visitor.sees("Set up a passkey")

    visitor.page.go_back()

    visitor.arrive_at_account()  # whoever is signed in has nothing to do at /register
    assert site.posts() == ["POST /auth/register"]


def test_back_after_signing_out_shows_nobody_s_account(visitor, mira):
    visitor.sign_in(mira)
    visitor.press("Sign out")
    visitor.sees("Welcome back")
    visitor.device.leave()

    visitor.page.go_back()

    visitor.sees("Welcome back")
    expect(visitor.page.get_by_text("mira@example.com")).to_have_count(0)


def test_back_from_a_renamed_row_is_no_stale_list(visitor, mira):
    visitor.sign_in(mira)
    visitor.page.get_by_role("link", name="Add a passkey").click()
    visitor.sees("Set up a passkey")
    visitor.device.drop()
    visitor.press("Create a passkey")
    visitor.arrive_at_account()
    expect(visitor.page.get_by_role("heading", name="Passkeys 2")).to_be_visible()

    visitor.page.go_back()
    visitor.sees("Set up a passkey")
    visitor.page.go_back()

    expect(visitor.page.get_by_role("heading", name="Passkeys 2")).to_be_visible()


def test_keys_alone_sign_in_and_out(visitor, mira):
    visitor.device.hold(*mira.keys)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    expect(visitor.page.get_by_label("Email or username")).to_be_focused()
    tabs_to(visitor, "Continue", "Sign in with a passkey", "Create an account")
    for _ in range(3):
        visitor.page.keyboard.press("Shift+Tab")

    visitor.page.keyboard.type("mira")
    visitor.page.keyboard.press("Enter")
    expect(visitor.passkey_button).to_be_focused()
    visitor.device.touch()
    visitor.page.keyboard.press("Enter")
    visitor.arrive_at_account()

    tabs_to(visitor, "Sign out")
    visitor.page.keyboard.press("Enter")
    visitor.sees("Welcome back")


def test_keys_alone_register(visitor):
    visitor.goto("/auth/register")
    visitor.page.get_by_label("Name optional").focus()
    visitor.page.keyboard.type("Mira")
    tabs_to(visitor, "Username")
    visitor.page.keyboard.type("mira")
    tabs_to(visitor, "Email")
    visitor.page.keyboard.type("mira@example.com")
    visitor.page.keyboard.press("Enter")

    visitor.sees("Set up a passkey")
    expect(
        visitor.page.locator("h1, [data-passkey]").and_(visitor.page.locator(":focus"))
    ).to_have_count(1)
    while visitor.page.locator(":focus[data-passkey]").count() == 0:
        visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Space")

    visitor.sees("You're all set")
    expect(visitor.page.get_by_label("Code")).to_be_focused()


def test_what_has_the_focus_is_seen(visitor, mira):
    visitor.device.leave()
    visitor.goto("/auth/sign-in")
    for _ in range(4):
        visitor.page.keyboard.press("Tab")
        outline = visitor.page.evaluate(
            """() => {
              const { outlineStyle, outlineWidth, outlineOffset } =
                getComputedStyle(document.activeElement);
              return [outlineStyle, outlineWidth, outlineOffset];
            }"""
        )
        assert outline == ["solid", "2px", "2px"]
