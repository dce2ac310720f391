"""What a request carries is text and objects, or it is refused."""

from besieged import FIELDS, app
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import FORM, JSON, as_form, as_json, bodies, objects, sent_texts, ways
from werkzeug.exceptions import UnsupportedMediaType

from unlatch.core.next_path import own_path
from unlatch.errors import Malformed
from unlatch.flask import forms


@given(bodies(*FIELDS), st.sampled_from(FIELDS))
@example((JSON, b'{"name": "\\u0000"}'), "name")
@example((JSON, b'{"name": "\\ud800"}'), "name")
@example((JSON, b'{"name": ["a"]}'), "name")
@example((FORM, b"name=%00"), "name")
def test_a_field_is_text_that_can_be_kept(body, name):
    content_type, content = body
    with app().test_request_context(method="POST", data=content, content_type=content_type):
        try:
            value = forms.field(name)
        except Malformed:
            return
        assert isinstance(value, str)
        assert "\x00" not in value
        value.encode()


@given(bodies(*FIELDS))
def test_a_body_is_an_object(body):
    content_type, content = body
    with app().test_request_context(method="POST", data=content, content_type=content_type):
        try:
            assert isinstance(forms.json_body(), dict)
        except Malformed:
            assert "json" in content_type.lower()
        except UnsupportedMediaType:
            assert content_type != "application/json"


@given(sent_texts.filter(lambda text: "\x00" not in text), st.sampled_from(FIELDS))
def test_a_field_is_what_was_typed_in_a_form_and_in_json(text, name):
    for content_type, content in (
        ("application/x-www-form-urlencoded", as_form({name: text})),
        ("application/json", as_json({name: text})),
    ):
        with app().test_request_context(method="POST", data=content, content_type=content_type):
            assert forms.field(name) == text


@given(st.one_of(objects("next"), ways.map(lambda way: {"next": way})), ways)
def test_next_is_a_path_of_our_own_wherever_it_is_from(body, query):
    asked = query.encode("utf-8", "replace").decode()
    with app().test_request_context(
        method="POST",
        data=as_json(body),
        content_type="application/json",
        query_string={"next": asked},
    ):
        path = forms.next_path()

    assert path == own_path(path)
    assert path in (body.get("next"), asked, "")
