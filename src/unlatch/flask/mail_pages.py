"""The pages of mailed secrets, alike for signing in, proving again and confirming."""

from collections.abc import Mapping
from typing import Any

from flask.wrappers import Response

from unlatch.core.binding import Binding
from unlatch.core.kinds import Purpose
from unlatch.core.times import SECOND
from unlatch.errors import ElsewhereBegun, FieldsRefused, MailGone, WrongCode
from unlatch.flask import answers
from unlatch.flask.state import gate


def show_code_page(
    purpose: Purpose,
    bound: Binding,
    next_path: str,
    *,
    refused: FieldsRefused | WrongCode | None = None,
) -> Response:
    """The page with the code field; with what is wrong beside it, if something was."""
    context = code_context(purpose, bound)
    context["next"] = next_path
    if refused is not None:
        return answers.form_again(refused, "email/check.html", **context)
    return answers.page("email/check.html", facts=code_facts(context), **context)


def code_context(purpose: Purpose, bound: Binding | None) -> dict[str, Any]:
    """What a page says of the newest mail for a purpose."""
    now = gate().clock()
    asked = bound.asked(purpose) if bound else None
    good_until = asked.at // SECOND + gate().mailed.seconds if asked else 0
    return {
        "purpose": purpose.value,
        "typed": asked.typed if asked else "",
        "identifier": asked.typed if asked else "",
        "resend_in": bound.seconds_until_again(purpose, now=now) if bound else 0,
        "expires_in": max(0, good_until - now // SECOND),
    }


def code_facts(context: Mapping[str, Any]) -> dict[str, object]:
    """The same for programs."""
    return {
        "sent_to": context["typed"],
        "expires_in": context["expires_in"],
        "resend_in": context["resend_in"],
    }


def show_elsewhere(purpose: Purpose) -> Response:
    """A good link, in a browser that did not ask for it: nothing set, nothing spent."""
    if answers.wants_json():
        return answers.refusal(ElsewhereBegun())
    answers.note(ElsewhereBegun())
    return answers.page("email/elsewhere.html", purpose=purpose.value)


def show_gone(
    gone: MailGone, purpose: Purpose, *, again: str, by_code: bool = False, **fields: str
) -> Response:
    """A link or code that is old, used, replaced or damaged.

    Args:
        again: Where a new mail is asked for, by POST with these `fields`.
    """
    if answers.wants_json():
        return answers.refusal(gone)
    answers.note(gone)
    return answers.page(
        "email/gone.html",
        status=401,
        purpose=purpose.value,
        replaced=gone.replaced,
        by_code=by_code,
        again=again,
        fields=fields,
    )
