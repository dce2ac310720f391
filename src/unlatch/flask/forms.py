"""What a request carries, read with care: forms, JSON bodies, and `next`."""

from collections.abc import Mapping
from urllib.parse import quote

from werkzeug.exceptions import UnsupportedMediaType

from unlatch.core.next_path import own_path
from unlatch.errors import Malformed
from unlatch.flask.current import current_request


def field(name: str) -> str:
    """A field of a form, or of a JSON object that stands for one; empty where absent.

    Raises:
        Malformed: The body is neither, or the field is no text.
    """
    request = current_request()
    source = _json_object() if request.is_json else request.form
    value = source.get(name, "")
    if not isinstance(value, str):
        raise Malformed(f"{name} is no text")
    # PostgreSQL refuses NUL in text and a lone surrogate cannot be encoded at all.
    if "\x00" in value or not _encodes(value):
        raise Malformed(f"{name} has characters that no text has")
    return value


def json_body() -> dict[str, object]:
    """The JSON object of the body.

    Raises:
        Malformed: It is not one.
        UnsupportedMediaType: The body is not said to be JSON.
    """
    if not current_request().is_json:
        raise UnsupportedMediaType
    return _json_object()


def next_path() -> str:
    """Where to go afterwards, from the body or the address: a path of our own or nothing."""
    request = current_request()
    body = _json() if request.is_json else request.form
    asked = body.get("next") if isinstance(body, Mapping) else None
    return own_path(asked if isinstance(asked, str) and asked else request.args.get("next"))


def asked_path() -> str:
    """The path and query of this request, spelled as a browser would ask for them again."""
    request = current_request()
    path = quote(request.script_root + request.path, safe="!$&'()*+,/:;=@")
    query = quote(request.query_string, safe="!$&'()*+,/:;=?@%")
    return f"{path}?{query}" if query else path


def _json_object() -> dict[str, object]:
    body = _json()
    if not isinstance(body, dict):
        raise Malformed("the body is no JSON object")
    return body


def _json() -> object:
    """The body, or None where it is no JSON."""
    try:
        return current_request().get_json(silent=True)
    except RecursionError:
        return None  # thousands of brackets in one another: nobody's form


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
