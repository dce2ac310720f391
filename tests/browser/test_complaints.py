"""That these tests would notice: what a page complains of reaches them."""

import pytest
from playwright.sync_api import expect

SLIPPED_IN = (
    "<script>1</script>"
    "<style>p { color: red }</style>"
    '<p style="color: red">slipped in</p>'
    '<img alt="" src="https://elsewhere.example/pixel.png">'
)


def test_a_breach_of_the_policy_an_error_and_a_dialog_are_noticed(visitor):
    visitor.device.leave()
    visitor.goto("/auth/sign-in")

    visitor.page.evaluate(
        """() => {
          const inline = document.createElement("script");
          inline.textContent = "alert('inline')";
          document.body.append(inline);
          const style = document.createElement("p");
          style.setAttribute("style", "color: red");
          const image = new Image();
          image.src = "https://elsewhere.example/pixel.png";
          setTimeout(() => { throw new Error("thrown") });
          setTimeout(() => alert("said aloud"));
        }"""
    )

    visitor.until(lambda: len(visitor.complaints()) == 5)
    visitor.expects("inline script", "inline style", "elsewhere.example", "thrown", "said aloud")


@pytest.mark.parametrize("way", ["a page", "htmx"])
def test_what_a_template_lets_through_is_noticed(visitor, way):
    """In a page, and in what htmx swaps in. (An `onclick` is complained of only when pressed:
    that no template has one is seen in tests/attacks/test_framing_and_headers.py.)
    """
    visitor.device.leave()
    if way == "htmx":
        visitor.goto("/auth/sign-in")
        visitor.type("Email or username", "mira@example.com")
    visitor.page.route("**/auth/sign-in", slip_in)

    if way == "htmx":
        visitor.press("Continue")
    else:
        visitor.goto("/auth/sign-in")

    expect(visitor.page.get_by_text("slipped in")).to_be_visible()
    visitor.until(lambda: len(visitor.complaints()) == 4)
    visitor.expects("inline script", "inline style", "elsewhere.example")


def slip_in(route):
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace("<h1", f"{SLIPPED_IN}<h1", 1))
