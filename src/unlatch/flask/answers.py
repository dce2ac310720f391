"""One view, three faces: a whole page, an htmx fragment, or JSON; chosen here and nowhere else."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import (
    jsonify,
    make_response,
    redirect,
    render_template,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response as BaseResponse

from unlatch.core.next_path import LONGEST, own_path
from unlatch.errors import (
    CommitUnknown,
    FieldsRefused,
    NotConfirmed,
    NotFresh,
    NotSignedIn,
    Refused,
    SchemaBehind,
    StoreError,
    Unavailable,
    WrongCode,
)
from unlatch.flask import forms, typed, words
from unlatch.flask.context import page_context
from unlatch.flask.current import current_app, current_request
from unlatch.flask.memory import memory

log = logging.getLogger("unlatch")

V = TypeVar("V", bound=Callable[..., ResponseReturnValue])

_TYPED = "typed"
"""The parameter of an address that brings what was typed before a question came between."""

_ACCEPT_MAX = 1_000
"""Characters. Browsers send some 150."""

_FRAGMENT = "unlatch/layout/fragment.html"
_PAGE = "unlatch/layout/page.html"
_JSON_ATTRIBUTE = "unlatch_json"
_TAKEN_UP_ATTRIBUTE = "unlatch_taken_up"


def json_only(view: V) -> V:
    """Mark a view that always answers JSON, refusals included."""
    setattr(view, _JSON_ATTRIBUTE, True)
    return view


@dataclass(frozen=True, slots=True)
class _TakenUp:
    """Where a change is taken up, and the fields that are shown there as they were typed."""

    endpoint: str
    fields: tuple[str, ...]


def taken_up_at(endpoint: str, *fields: str) -> Callable[[V], V]:
    """Mark a view that only takes a change with the page that leads to it: whoever has to sign
    in or to prove again first comes back there.

    Args:
        fields: Of the form, to be filled in again (`typed_before`). Never one for a secret.
    """

    def mark(view: V) -> V:
        setattr(view, _TAKEN_UP_ATTRIBUTE, _TakenUp(endpoint, fields))
        return view

    return mark


def typed_before() -> dict[str, str]:
    """What was typed into this page's form, in this session, before a question came between."""
    live, carried = memory().live, current_request().args.get(_TYPED, "")
    if live is None or not carried:
        return {}
    return typed.opened(str(current_request().endpoint), carried, whose=live.session.id)


def wants_json() -> bool:
    """Whether this request is a program's."""
    if getattr(_view(), _JSON_ATTRIBUTE, False):
        return True
    request = current_request()
    # To read as much as a server lets through takes so long that a few could stop the site by it.
    if len(request.headers.get("Accept", "")) > _ACCEPT_MAX:
        return False
    best = request.accept_mimetypes.best_match(("text/html", "application/json"))
    return best == "application/json"


def wants_fragment() -> bool:
    """Whether this request is htmx's for a part of the page: not one that restores the history
    or that will replace the whole page.
    """
    headers = current_request().headers
    return (
        headers.get("HX-Request") == "true"
        and "HX-History-Restore-Request" not in headers
        and headers.get("HX-Request-Type") != "full"
    )


def page(
    template: str,
    *,
    status: int = 200,
    facts: Mapping[str, object] | None = None,
    **context: object,
) -> Response:
    """A page, or for htmx its card, or for a program the facts that are on it."""
    if facts is not None and wants_json():
        return data(facts, status=status)
    layout = _FRAGMENT if wants_fragment() else _PAGE
    body = render_template(f"unlatch/{template}", layout=layout, **(page_context() | context))
    return make_response(body, status)


def data(payload: object, *, status: int = 200) -> Response:
    """JSON."""
    response = jsonify(payload)
    response.status_code = status
    return response


def leave(url: str, payload: Mapping[str, object] | None = None, *, status: int = 200) -> Response:
    """Go on to another page as a whole: 303, or `HX-Redirect`, or JSON that says where."""
    if wants_json():
        return data(payload if payload is not None else {"next": url}, status=status)
    if wants_fragment():
        # A redirect spells it in ASCII by itself; any other header has to be told.
        return make_response("", 200, {"HX-Redirect": iri_to_uri(url)})
    return make_response(redirect(url, 303))


def onward(
    url: str,
    show: Callable[[], Response],
    payload: Mapping[str, object] | None = None,
    *,
    status: int = 200,
) -> Response:
    """Go on to the next step of a form: 303 to its address, so that a reload never posts again;
    for htmx its fragment at once, with that address pushed.
    """
    if wants_json() or not wants_fragment():
        return leave(url, payload, status=status)
    response = show()
    response.headers["HX-Push-Url"] = url
    return response


def form_again(refused: FieldsRefused | WrongCode, template: str, **context: Any) -> Response:
    """The same form with what was typed and, beside its field, what is wrong with it."""
    if wants_json():
        return refusal(refused)
    if isinstance(refused, WrongCode):
        errors = {"code": words.of_tries(refused.tries_left)}
    else:
        errors = words.of_fields(refused)
    note(refused)
    return page(template, status=words.of(refused).status, errors=errors, **context)


def refusal(refused: Refused) -> Response:
    """A visitor's no, in the face that was asked for."""
    note(refused)
    said = words.of(refused)
    elsewhere = _way_on(refused)
    if wants_json():
        return _as_json(refused, said, elsewhere)
    if elsewhere is not None:
        return leave(elsewhere)
    return _with_retry_after(_trouble_page(said, wait=_wait(refused)), refused)


def store_is_away(error: StoreError) -> Response:
    """The database does not answer, or waits for an upgrade: 503, and the log says which."""
    if isinstance(error, SchemaBehind):
        log.error("%s", error)
    else:
        # How it came is told of what should not come at all. Of a database that is away it would be
        # the same each time, and long, and one for each visitor.
        is_away = type(error) in (StoreError, CommitUnknown)
        log.error("the database is away: %s", error, exc_info=None if is_away else error)
    return refusal(Unavailable(type(error).__name__))


def trouble(said: words.Words, error: str) -> Response:
    """An error that is nobody's refusal, like a missing page or a failure of ours."""
    if wants_json():
        return data({"error": error, "message": said.message}, status=said.status)
    return _trouble_page(said)


def _trouble_page(said: words.Words, **context: Any) -> Response:
    return page(
        "errors/refusal.html",
        status=said.status,
        heading=said.heading,
        message=said.message,
        way=_way_out(said.status),
        **context,
    )


def http_error(error: HTTPException) -> BaseResponse:
    """No page here, a body too large, a failure of ours: in our look, or JSON."""
    if error.code is None or error.code < 400:  # a redirect that the router raises
        return error.get_response()
    return trouble(*words.of_http(error.code))


def _way_out(status: int) -> dict[str, str]:
    """The one thing to press on a page that says what went wrong."""
    request = current_request()
    if status in (500, 503) and request.method == "GET":
        # An empty reference is this very page, and says nothing of a mailed token in its address.
        here = "" if b"token=" in request.query_string else own_path(forms.asked_path())
        return {"label": "Try again", "url": here}
    if memory().live is not None:
        return {"label": "Go to your account", "url": url_for("unlatch.account")}
    return {"label": "Start again", "url": url_for("unlatch.sign_in")}


def _way_on(refused: Refused) -> str | None:
    """Where a visitor can mend it: sign in, prove again, or confirm; and then come back."""
    if isinstance(refused, NotSignedIn):
        return url_for("unlatch.sign_in", next=_come_back() or None)
    if isinstance(refused, NotFresh):
        return url_for("unlatch.fresh", next=_come_back() or None)
    if isinstance(refused, NotConfirmed):
        return url_for("unlatch.address", next=_come_back() or None)
    return None


def _come_back() -> str:
    """The address that takes up what was interrupted: never one that only takes a POST."""
    taken_up: _TakenUp | None = getattr(_view(), _TAKEN_UP_ATTRIBUTE, None)
    if taken_up is not None:
        return _page_of(taken_up)
    if current_request().method in ("GET", "HEAD") and not wants_json():
        return own_path(forms.asked_path())
    return ""


def _page_of(taken_up: _TakenUp) -> str:
    """With all that the interrupted request knew of the way it was on, if there is room."""
    request = current_request()
    page_args: dict[str, Any] = dict(request.view_args or {})
    known: dict[str, Any] = {
        "first": request.args.get("first"),
        "next": forms.next_path() or None,
        _TYPED: _typed_into(taken_up) or None,
    }
    full = url_for(taken_up.endpoint, **page_args, **known)
    return full if len(full) <= LONGEST else url_for(taken_up.endpoint, **page_args)


def _typed_into(taken_up: _TakenUp) -> str:
    """The fields to show again, sealed. A program has what it sent; and before anybody is
    signed in nobody could be told from whoever comes next.
    """
    live = memory().live
    if live is None or wants_json():
        return ""
    fields = {name: text for name in taken_up.fields if (text := forms.field(name))}
    if not fields:
        return ""
    return typed.sealed(taken_up.endpoint, fields, whose=live.session.id)


def _view() -> Callable[..., object] | None:
    return current_app().view_functions.get(current_request().endpoint or "")


def note(refused: Refused) -> None:
    """See that it is known what was refused: for views that answer a refusal with a page of their
    own.
    """
    memory().refused = refused.reason
    # Quoted: a detail may hold words of the visitor's, who would write lines of his own.
    log.info("refused: %s (%r) at %s", refused.reason, refused.detail, current_request().endpoint)


def _as_json(refused: Refused, said: words.Words, elsewhere: str | None) -> Response:
    payload = {"error": refused.reason, "message": said.message, **refused.facts}
    if isinstance(refused, FieldsRefused):
        payload["fields"] = words.of_fields(refused)
    if isinstance(refused, WrongCode):
        payload["message"] = words.of_tries(refused.tries_left)
    wait = _wait(refused)
    if wait:
        payload["message"] = f"{said.message} Try again in {wait}."
    if elsewhere is not None:
        payload["next"] = elsewhere
    return _with_retry_after(data(payload, status=said.status), refused)


def _wait(refused: Refused) -> str:
    seconds = refused.facts.get("retry_after")
    return words.of_wait(seconds) if isinstance(seconds, int) else ""


def _with_retry_after(response: Response, refused: Refused) -> Response:
    seconds = refused.facts.get("retry_after")
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response
