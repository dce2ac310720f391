"""That these tests would notice: what a page complains of reaches them."""


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
