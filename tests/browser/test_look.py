"""What may be wished of the look: a host's own colours, and nothing that moves."""

import pytest


def styled(visitor, selector, *names):
    return visitor.page.eval_on_selector(
        selector, "(one, names) => names.map((name) => getComputedStyle(one)[name])", list(names)
    )


def test_a_host_themes_the_pages_by_variables(visitor):
    visitor.device.leave()
    visitor.goto("/auth/sign-in")

    visitor.page.evaluate(
        """() => {
          const own = document.documentElement.style;
          own.setProperty("--unlatch-accent", "rgb(1, 2, 3)");
          own.setProperty("--unlatch-on-accent", "rgb(250, 251, 252)");
          own.setProperty("--unlatch-card", "rgb(4, 5, 6)");
          own.setProperty("--unlatch-text", "rgb(7, 8, 9)");
          own.setProperty("--unlatch-radius", "3px");
          own.setProperty("--unlatch-font", "serif");
        }"""
    )

    primary = styled(visitor, ".unlatch-primary", "backgroundColor", "color", "fontFamily")
    assert primary == ["rgb(1, 2, 3)", "rgb(250, 251, 252)", "serif"]
    assert styled(visitor, ".unlatch-card", "backgroundColor", "color") == [
        "rgb(4, 5, 6)",
        "rgb(7, 8, 9)",
    ]


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_nothing_moves_where_a_person_wishes_so(visit, wish):
    visitor = visit(reduced_motion=wish)
    visitor.device.leave()
    visitor.goto("/auth/sign-in")

    moving = visitor.page.evaluate(
        """() => [...document.querySelectorAll("#unlatch *")].filter((one) => {
          const { animationName, transitionDuration } = getComputedStyle(one);
          return animationName !== "none" || parseFloat(transitionDuration) > 0;
        }).length"""
    )

    assert (moving == 0) is (wish == "reduce")
