"""`next` never leaves the site, read as browsers read it."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unlatch.core.next_path import LONGEST, own_path

SITE = "https://own.example/auth/sign-in"


def browser_origin(path: str) -> str:
    """Where a browser would go from SITE: the WHATWG's reading, of the parts that matter here.
    https://url.spec.whatwg.org/#url-parsing
    """
    seen = path.strip("".join(map(chr, range(0x21))))
    seen = re.sub(r"[\t\n\r]", "", seen)
    if re.match(r"^[a-zA-Z][a-zA-Z0-9+.-]*:", seen):
        scheme, _, rest = seen.partition(":")
        if scheme.lower() in ("http", "https") and not rest.startswith(("/", "\\")):
            return "https://own.example" if scheme.lower() == "https" else f"{scheme}://{rest}"
        return f"{scheme}:{rest}"
    seen = seen.replace("\\", "/")
    if seen.startswith("//"):
        return "https://" + seen.lstrip("/")
    return "https://own.example"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/notes",
        "/notes?page=2",
        "/notes#top",
        "/a/b/../c",
        "/a//b",
        "/a@b",
        "/a:b",
        "/?next=//evil.example",
        "/notes?to=https://evil.example",
        "/ä",
        "/日本",
        "/a%5cb",
        "/a%2fb",
        "/.",
        "/..",
        "/a/..//evil.example",
    ],
)
def test_a_path_of_our_own_is_kept(path):
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "notes",
        "?a",
        "#a",
        ".",
        "..",
        "./notes",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
        "/\\/evil.example",
        "/notes\\..",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t/notes",
        " /notes",
        "/no tes",
        "/notes ",
        "/\0",
        "/\x7f",
        "/\x1f",
        "/%5cevil.example",
        "/%5Cevil.example",
        "/%2fevil.example",
        "/%2Fevil.example",
        "https://own.example/notes",
        "https://evil.example",
        "http:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "mailto:a@b.example",
        "@evil.example",
        "evil.example/",
        "/" + "x" * LONGEST,
    ],
)
def test_whatever_might_lead_elsewhere_is_nobodys(path):
    assert own_path(path) == ""


tricky = st.text(alphabet="/\\\t\n\r @:.?#%25cCfFabehtps\u3000\u2028\uff0f\u2044\0", max_size=20)


@given(st.text(max_size=60) | tricky | tricky.map("/".__add__) | tricky.map("//".__add__))
@example("/\\evil.example")
@example("/\t\\evil.example")
def test_a_browser_never_leaves_the_site_by_it(text):
    path = own_path(text)

    if path:
        assert path == text
        assert browser_origin(path) == "https://own.example"
        joined = urlsplit(urljoin(SITE, path))
        assert (joined.scheme, joined.netloc) == ("https", "own.example")


@given(st.from_regex(r"/([a-z0-9_-]+/?)*(\?[a-z0-9=&]*)?", fullmatch=True))
def test_every_plain_path_is_kept(path):
    assert own_path(path) == ("" if path.startswith("//") else path)
