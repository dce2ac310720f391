"""Whatever stands in an address, a header or a cookie: the answer is one of ours."""

from urllib.parse import quote

from besieged import KEY, ORIGIN, Way, app, besieged, check, every_way
from flask import Request
from hypothesis import example, given
from hypothesis import strategies as st
from people import FACES
from strategies import as_json, json_values, sent_texts, texts, ways
from werkzeug.exceptions import BadHost

from unlatch.core.keys import Keys

READING, CHANGING = every_way(changing=False), every_way(changing=True)
faces = st.sampled_from(tuple(FACES))
KEYS = Keys([KEY.encode()])

contents = st.one_of(
    st.binary(max_size=60),
    sent_texts.map(str.encode),
    json_values.map(as_json),
    st.builds(bytes.__add__, st.binary(min_size=8, max_size=8), sent_texts.map(str.encode)),
)
SEALS = {
    "-mail": "binding",
    "-link": "opened-link:sign_in",
    "-browser": "browser",
    "-account": "remembered",
    "-c-0123456789abcdef": "ceremony",
}
ASKED = ("next", "who", "token", "first", "welcome", "ended")

queries = st.one_of(
    st.binary(max_size=40).map(lambda data: data.decode("latin-1")),
    st.builds(
        lambda name, text: f"{name}={quote(text, errors='surrogatepass')}",
        st.sampled_from(ASKED),
        st.one_of(ways, texts),
    ),
    st.builds(lambda content: f"who={KEYS.seal('identifier', content)}", contents),
)


@given(queries, st.sampled_from(READING), faces, st.booleans())
@example("next=//evil.example", Way("GET", "/auth/sign-in"), "page", True)
@example("next=%ff", Way("GET", "/auth/sign-in"), "page", False)
@example("who=%00", Way("GET", "/auth/sign-in"), "page", False)
def test_no_query_breaks_an_address(query, way, face, signed_in):
    mira = besieged()
    sender = mira if signed_in else mira.at_another_browser()

    answer = sender.client.open(
        way.path("x"),
        method=way.method,
        base_url=ORIGIN,
        headers=FACES[face],
        environ_overrides={"QUERY_STRING": query},
    )

    check(answer, face)


@given(sent_texts.filter(lambda text: "/" not in text and text not in ("", ".", "..")))
@example("\x00")
def test_no_id_breaks_an_address(some_id):
    mira = besieged()
    for way in (*READING, *CHANGING):
        if "<" in way.rule:
            answer = mira.ask(way.method, quote(way.path(some_id)), "json", json={"name": "x"})
            check(answer, "json")


printable = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
)
HEADERS = (
    *("Host", "Origin", "Sec-Fetch-Site", "User-Agent", "Accept", "Cookie", "Content-Length"),
    *("Content-Type", "X-Forwarded-For", "Forwarded", "X-Forwarded-Host", "HX-Request"),
    *("HX-Request-Type", "HX-Current-URL", "Accept-Language", "Range", "If-None-Match"),
)
any_way = st.sampled_from((*READING, *CHANGING))


@given(st.dictionaries(st.sampled_from(HEADERS), printable, max_size=4), any_way)
@example({"Content-Length": "-1"}, Way("POST", "/auth/sign-in"))
@example({"Host": "acme.example:"}, Way("GET", "/auth/sign-in"))
@example({"Cookie": "__Host-unlatch"}, Way("GET", "/auth/account"))
@example({"Host": "."}, Way("GET", "/auth/sign-in"))
def test_no_header_breaks_an_address(headers, way):
    answer = besieged().client.open(
        way.path("x"),
        method=way.method,
        base_url=ORIGIN,
        headers={"Origin": ORIGIN} | headers,
        data=b"identifier=mira",
    )

    if is_routed_nowhere(answer.request.environ):
        assert answer.status_code == 400  # Flask's own: it cannot tell whose address that is
    else:
        check(answer, "any")


def is_routed_nowhere(environ) -> bool:
    """Its Host is none that could be anybody's, like "." or "a..b"."""
    try:
        app().create_url_adapter(Request(environ))
    except BadHost:
        return True
    return False


@given(st.sampled_from(tuple(SEALS)), st.one_of(printable, contents), any_way, faces, st.booleans())
def test_no_cookie_breaks_an_address(suffix, content, way, face, signed_in):
    """Rubbish under a name of ours; and a good seal, with in it what another version wrote."""
    value = content if isinstance(content, str) else KEYS.seal(SEALS[suffix], content)
    mira = besieged()
    sender = mira if signed_in else mira.at_another_browser()
    sender.set_cookie(f"__Host-unlatch{suffix}", value)

    answer = sender.ask(way.method, way.path("x"), face, json={"code": "WDJB-KMHT"})

    check(answer, face)
