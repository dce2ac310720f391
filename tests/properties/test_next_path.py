"""`next`: no browser leaves the site by what we take for a path of our own."""

from hypothesis import example, given
from hypothesis import strategies as st
from strategies import ways
from werkzeug.urls import iri_to_uri
from whatwg import origin_of

from unlatch.core.next_path import own_path

SITE = "https://own.example/auth/sign-in"
OWN = "https://own.example"


@given(ways)
@example("/\\evil.example")
@example("/\t/evil.example")
@example("//evil.example")
@example("/%09/evil.example")
@example("/%5cevil.example")
@example("/@evil.example")
@example("/.//evil.example")
def test_a_browser_stays_on_the_site(text):
    """As the address itself, in JSON's `next`, and as a redirect spells it."""
    path = own_path(text)

    assert path in (text, "")
    if path:
        assert origin_of(path, SITE) == OWN
        assert origin_of(iri_to_uri(path), SITE) == OWN
        assert origin_of(OWN + path, SITE) == OWN


@given(ways)
def test_what_is_taken_once_is_taken_again(text):
    """It is checked at every use, and must not get lost between two."""
    path = own_path(text)

    assert own_path(path) == path


@given(st.from_regex(r"/[a-z0-9_.-]+(/[a-z0-9_-]+)*(\?[a-z0-9=&]*)?(#[a-z]*)?", fullmatch=True))
def test_an_honest_path_is_kept(path):
    assert own_path(path) == path
