"""Messages that leave by themselves: said once, after a redirect or inside a swap."""

import pytest

TOASTS = '<div id="unlatch-toasts" hx-swap-oob="beforeend">'


def test_a_toast_survives_a_redirect_and_is_said_once(mira):
    (passkey,) = mira.passkeys()
    mira.get("/auth/account")  # what the passkey's making had to say

    answer = mira.form(f"/auth/account/passkeys/{passkey['id']}/rename", name="Blue")

    assert "Passkey renamed" in mira.get(answer.location).text
    assert "Passkey renamed" not in mira.get(answer.location).text


def test_htmx_gets_the_toast_out_of_band(mira):
    (passkey,) = mira.passkeys()
    mira.get("/auth/account")

    answer = mira.form(f"/auth/account/passkeys/{passkey['id']}/rename", "htmx", name="Blue")

    assert TOASTS in answer.text
    assert "Passkey renamed" in answer.text.split(TOASTS)[1]
    assert "Passkey renamed" not in mira.get("/auth/account").text


def test_htmx_that_is_sent_elsewhere_finds_the_toast_there(mira):
    mira.get("/auth/account")

    answer = mira.form("/auth/sign-out", "htmx")

    assert answer.headers["HX-Redirect"] == "/auth/sign-in"
    assert "Signed out" in mira.get("/auth/sign-in").text


def test_a_toast_survives_several_redirects(mira):
    """Signing out leads to a page that may lead on."""
    mira.get("/auth/account")
    mira.sign_out()
    assert mira.get("/notes").status_code == 303

    assert "Signed out" in mira.get("/auth/sign-in").text


def test_a_fragment_without_a_toast_leaves_the_toasts_alone(visitor):
    assert "unlatch-toasts" not in visitor.get("/auth/sign-in", "htmx").text


def test_the_region_of_toasts_is_announced(visitor, read):
    elements = read(visitor.get("/auth/sign-in")).elements

    (region,) = [a for _, a in elements if a.get("id") == "unlatch-toasts"]
    assert region["role"] == "status"
    assert region["aria-live"] == "polite"


@pytest.mark.parametrize(
    ("category", "shown"),
    [
        ("success", True),
        ("info", True),
        ("error", True),
        ("message", False),
        ("debug", False),
    ],
)
def test_a_hosts_own_messages_are_toasts_where_we_know_their_kind(app, visitor, category, shown):
    with visitor.client.session_transaction() as session:
        session["_flashes"] = [(category, "From <b>the host</b>")]

    text = visitor.get("/auth/sign-in").text

    assert ("From &lt;b&gt;the host&lt;/b&gt;" in text) is shown
    assert "<b>the host" not in text


def test_an_error_is_an_alert(visitor):
    with visitor.client.session_transaction() as session:
        session["_flashes"] = [("error", "Broken")]

    assert 'data-toast="error" role="alert"' in visitor.get("/auth/sign-in").text


def test_a_plain_sign_in_says_nothing(mira, outbox):
    mira.get("/auth/account")
    mira.sign_out()
    mira.get("/auth/sign-in")
    mira.sign_in()

    assert "data-toast" not in mira.get("/auth/account").text


def test_the_mailbox_that_asks_for_itself_eats_no_messages(mira):
    mira.get("/auth/account")
    mira.sign_out()

    assert "Signed out" not in mira.get("/auth/dev/mailbox").text
    assert "Signed out" not in mira.get("/auth/dev/mailbox", "htmx").text

    assert "Signed out" in mira.get("/auth/sign-in").text
