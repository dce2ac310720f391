"""Signing in, first stage: who; and the page of the second: how."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from unlatch.core.names import IDENTIFIER_MAX, identifier_keys
from unlatch.core.passkeys import Begun
from unlatch.core.secrets import to_base64url
from unlatch.errors import FieldsRefused
from unlatch.flask import answers, browser, ceremony_cookies, forms, typed
from unlatch.flask.access import forget_mails, live_session, session_cookie
from unlatch.flask.party import party
from unlatch.flask.state import gate

_IDENTIFIER = "identifier"


def add_views(blueprint: Blueprint) -> None:
    """`/sign-in`"""
    blueprint.add_url_rule("/sign-in", "sign_in", sign_in)
    blueprint.add_url_rule("/sign-in", "identify", identify, methods=["POST"])
    blueprint.add_url_rule("/sign-in/switch", "switch_account", switch_account, methods=["POST"])


def sign_in() -> ResponseReturnValue:
    """Choose a method, for the account that this browser remembers or that was just typed; or
    the form that asks who it is, with passkey autofill.
    """
    next_path = forms.next_path()
    if live_session() is not None:
        return answers.leave(next_path or url_for("unlatch.account"))
    identifier = _opened_identifier(request.args.get("who", ""))
    return _methods_of(identifier, next_path) or _remembered(next_path) or _who(next_path)


def identify() -> ResponseReturnValue:
    """Somebody says who they are; known or not, the next page is the same."""
    identifier, next_path = forms.field("identifier").strip(), forms.next_path()
    fault = _fault_of(identifier)
    if fault:
        refused = FieldsRefused({"identifier": fault})
        return answers.form_again(
            refused, "sign_in/identify.html", identifier=identifier[:IDENTIFIER_MAX], next=next_path
        )
    url = url_for("unlatch.sign_in", who=sealed_identifier(identifier), next=next_path or None)
    return answers.onward(url, lambda: _methods(identifier, next_path))


def switch_account() -> ResponseReturnValue:
    """Forget who last signed in here, and what was asked for and not finished."""
    browser.forget()
    forget_mails()
    next_path = forms.next_path()
    url = url_for("unlatch.sign_in", next=next_path or None)
    return answers.onward(url, lambda: _who(next_path))


def sealed_identifier(identifier: str) -> str:
    """What was typed, for `?who=` in the address of the next page; until somebody signs in here,
    because the next to do so should not be shown what somebody else typed.
    """
    return typed.sealed(_IDENTIFIER, {_IDENTIFIER: identifier}, whose=_last_success())


def _opened_identifier(who: str) -> str:
    return typed.opened(_IDENTIFIER, who, whose=_last_success()).get(_IDENTIFIER, "")


def _last_success() -> str:
    return to_base64url(browser.last_success())


def _fault_of(identifier: str) -> str | None:
    """Why it can be nobody's, by its form alone."""
    if not identifier:
        return "missing"
    if len(identifier) > IDENTIFIER_MAX:
        return "too_long"
    return None if any(identifier_keys(identifier)) else "malformed"


def _who(next_path: str) -> Response:
    begun: Begun = gate().passkeys.begin_sign_in(party())
    ceremony_cookies.keep(begun)
    return answers.page(
        "sign_in/identify.html",
        autofill=begun.options,
        next=next_path,
        ended=_has_ended(),
        facts={"step": "identify", "publicKey": begun.options},
    )


def _has_ended() -> bool:
    """Whether this browser believes it is signed in, and no longer is: ended elsewhere, or by
    time.
    """
    return bool(session_cookie().read()) and live_session() is None


def _methods_of(identifier: str, next_path: str) -> Response | None:
    return _methods(identifier, next_path) if identifier else None


def _methods(identifier: str, next_path: str) -> Response:
    return answers.page(
        "sign_in/method.html",
        who=identifier,
        identifier=identifier,
        remembered=False,
        email_first=False,
        next=next_path,
        facts={"step": "method", "identifier": identifier, "remembered": False},
    )


def _remembered(next_path: str) -> Response | None:
    remembered, account = browser.remembered(), browser.remembered_account()
    if remembered is None or account is None:
        return None
    return answers.page(
        "sign_in/method.html",
        who=account.name,
        identifier="",
        remembered=True,
        email_first=remembered.by_email,
        next=next_path,
        ended=_has_ended(),
        facts={"step": "method", "name": account.name, "remembered": True},
    )
