"""Browsers by name: known words for known browsers, and nothing of a stranger's own."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlatch.core.browsers import browser_name

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)"
IPAD = "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{WINDOWS} {BLINK} Chrome/139.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} {BLINK} Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0", "Edge on Windows"),
        (f"{WINDOWS} {BLINK} Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0", "Opera on Windows"),
        (f"{WINDOWS} {BLINK} HeadlessChrome/139.0.0.0 Safari/537.36", "Chrome on Windows"),
        (
            "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
            "Internet Explorer on Windows",
        ),
        (f"{MAC} {WEBKIT} Version/18.5 Safari/605.1.15", "Safari on Mac"),
        (f"{MAC} {BLINK} Chrome/139.0.0.0 Safari/537.36", "Chrome on Mac"),
        (f"{IPHONE} {WEBKIT} Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{IPAD} {WEBKIT} Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPad"),
        (f"{IPAD} {WEBKIT} CriOS/139.0 Mobile/15E148 Safari/604.1", "Chrome on iPad"),
        (f"{IPHONE} {WEBKIT} FxiOS/141.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"),
        (f"{IPHONE} {WEBKIT} Mobile/15E148 [FBAN/FBIOS;FBAV/440.0]", "a browser on iPhone"),
        (f"{ANDROID} {BLINK} Chrome/139.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) "
            f"{BLINK} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        (
            "Mozilla/5.0 (Android 15; Mobile; rv:141.0) Gecko/141.0 Firefox/141.0",
            "Firefox on Android",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
            "Firefox on Linux",
        ),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/139.0.0.0 Safari/537.36",
            "Chrome on ChromeOS",
        ),
        ("Firefox/141.0", "Firefox"),
        ("curl/8.5.0", "a browser"),
        ("Werkzeug/3.1", "a browser"),
        ("", "a browser"),
    ],
)
def test_browsers_have_names(user_agent, name):
    assert browser_name(user_agent) == name


@pytest.mark.parametrize(
    "hostile",
    [
        "Your account was hacked, call 555-0199",
        "Mozilla/5.0 (Windows NT 10.0) <script>alert(1)</script>/9 Chrome/1",
        "Chrome/1\r\nBcc: everybody@example.com",
        "http://evil.example/Spider Bot/1.0 (evil.example; Android 99 evil.example)",
        "\x00\u202eChrome/139\ud800",
        "EvilBrowser/1.0 (X11; EvilOS) evil-bot/2.0 evil.example/3.0",
    ],
)
def test_nothing_of_a_strangers_own_comes_out(hostile):
    """A user agent goes into a mail, so it is looked up and never quoted."""
    name = browser_name(hostile)

    assert re.fullmatch(r"[A-Za-z ]+", name)
    assert "evil" not in name.lower()
    assert "hacked" not in name


@given(st.text() | st.text(alphabet=string.ascii_letters + "/.;() 0123456789"))
def test_every_user_agent_gets_a_plain_name(user_agent):
    assert re.fullmatch(r"[A-Za-z ]+", browser_name(user_agent))


def test_only_the_beginning_is_looked_at():
    """A header of a hundred thousand characters costs no more than one of 512."""
    assert browser_name("x" * 512 + " Firefox/141.0") == "a browser"
